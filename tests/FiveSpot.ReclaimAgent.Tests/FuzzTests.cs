// SPDX-License-Identifier: Apache-2.0

using System.Text;
using FiveSpot.Fuzzing;
using FiveSpot.ReclaimAgent.Configuration;
using FiveSpot.ReclaimAgent.Detection;

namespace FiveSpot.ReclaimAgent.Tests;

/// <summary>What others write and the agent reads: the configuration from the cluster, and what the kernel tells of programs of other people.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    [Fact]
    public void Reclaim_toml() => Tell(Fuzz.Feed(
        [
            "match_commands = [\"java\", \"idea\"]\nmatch_argv_substrings = []\npoll_interval_ms = 250\n",
            "match_commands = ['a']\npoll_interval_ms = 1_000\n[presence]\nsessions = \"active\"\nidle = \"15m\"\n",
            "match_commands = [\n  \"\"\"a\nb\"\"\", # why\n]\na.b.c = {x = 1979-05-27T07:32:00Z, y = [0x1f, 0o7, 0b1, inf]}\n[[t]]\nk = 1.5\n",
        ],
        ["match_commands", "match_argv_substrings", "poll_interval_ms", " = ", "[[", "]]", "'''", "\"\"\"", "#", "0x", "inf", "nan", "1979-05-27", "\\U0010FFFF", "\\u", "."],
        static input =>
        {
            try
            {
                var config = ReclaimToml.Read(Encoding.UTF8.GetString(input), out _);
                config.PollInterval.ShouldBeInRange(TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
            }
            catch (ReclaimConfigException refused)
            {
                refused.Message.ShouldNotContain('\u001b');
            }
        }));

    [Fact]
    public void Proc_stat() => Tell(Fuzz.Feed(
        [
            "1234 (java) S 1 1234 1234 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 100 1000 10\n",
            "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0\n",
            "7 (a) b (c) Z 1 7 7 0 -1 4227084 0 0\n",
        ],
        ["(", ")", ") ", " S ", " Z ", "4294967295", "-"],
        static input => _ = ProcessStat.TryParse(input, out _)));

    [Fact]
    public void Proc_cgroup() => Tell(Fuzz.Feed(
        [
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a1b2c3d_1111_2222_3333_444455556666.slice/cri-containerd-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope",
            "/kubepods/besteffort/pod0a1b2c3d-1111-2222-3333-444455556666/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "/user.slice/user-1000.slice/user@1000.service/app.slice/docker.service (deleted)",
            "/system.slice/k0sworker.service",
        ],
        ["/", "//", ".slice", ".scope", ".service", "pod", "kubepods", "user@", " (deleted)", "cri-containerd-", "kubelet.service"],
        static input => _ = ControlGroup.IsOfTheCluster(input)));

    private void Tell(long inputs) => output.WriteLine($"{inputs} inputs");
}
