// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;

namespace FiveSpot.Simulation.Tests;

/// <summary>Simulated weeks; a failure says with which seed it is seen again.</summary>
public sealed class DeterministicSimulationTests
{
    [Fact]
    public async Task All_holds_in_weeks_with_faults_and_each_is_the_same_in_another_process() => await RunAsync("--first", "100", "--count", "6", "--twice");

    private static async Task RunAsync(params string[] arguments)
    {
        var program = AppContext.BaseDirectory.Replace("FiveSpot.Simulation.Tests", "FiveSpot.DeterministicSimulation", StringComparison.Ordinal) + "5spot-simulate.dll";
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in (string[])[program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var complained = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper?.WriteLine(await said);
        process.ExitCode.ShouldBe(0, $"{await said}\n{await complained}");
    }
}
