// SPDX-License-Identifier: Apache-2.0

using CsCheck;
using FiveSpot.Controller.Hosting;
using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.Tests.Hosting;

/// <summary>How machines are divided among instances.</summary>
public sealed class InstanceShareTests
{
    private static readonly ObjectKey[] Machines = [.. Enumerable.Range(0, 20_000).Select(i => new ObjectKey($"team-{i % 37}", $"pc-{i}"))];

    [Fact]
    public void Each_machine_has_one_owner() => Gen.Select(Gen.Int[1, InstanceShare.MaxCount], Gen.String[Gen.Char.AlphaNumeric, 1, 63], Gen.String[Gen.Char.AlphaNumeric, 1, 63])
        .Sample((count, ns, name) => Enumerable.Range(0, count).Count(id => new InstanceShare(id, count).Owns(new ObjectKey(ns, name))) == 1);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(50)]
    public void One_instance_more_takes_its_share_and_moves_nothing_else(int count)
    {
        var moved = 0;
        foreach (var machine in Machines)
        {
            var (before, after) = (OwnerOf(machine, count), OwnerOf(machine, count + 1));
            if (before != after)
            {
                after.ShouldBe(count);
                moved++;
            }
        }

        ((double)moved / Machines.Length).ShouldBe(1.0 / (count + 1), tolerance: 0.15 / (count + 1));
    }

    [Fact]
    public void The_shares_are_about_equal()
    {
        foreach (var share in Machines.CountBy(machine => OwnerOf(machine, 7)))
        {
            ((double)share.Value / Machines.Length).ShouldBe(1.0 / 7, tolerance: 0.01);
        }
    }

    /// <summary>Two versions of the program that run side by side must agree: these may never change.</summary>
    [Theory]
    [InlineData("default", "business-hours", 2, 1)]
    [InlineData("default", "pc-1", 3, 2)]
    [InlineData("team-a", "rack-17", 10, 4)]
    public void The_owner_is_the_same_in_every_version(string ns, string name, int count, int owner) =>
        OwnerOf(new ObjectKey(ns, name), count).ShouldBe(owner);

    [Fact]
    public void Namespace_and_name_are_not_mixed_up() =>
        Machines.Count(machine => OwnerOf(machine, 50) == OwnerOf(new ObjectKey(machine.Name, machine.Namespace), 50)).ShouldBeInRange(200, 600);

    [Fact]
    public void The_lease_of_one_that_is_alone_has_no_number()
    {
        new InstanceShare().LeaseName("5spot-leader").ShouldBe("5spot-leader");
        new InstanceShare(1, 3).LeaseName("5spot-leader").ShouldBe("5spot-leader-1");
    }

    private static int OwnerOf(ObjectKey machine, int count) => Enumerable.Range(0, count).Single(id => new InstanceShare(id, count).Owns(machine));
}
