// SPDX-License-Identifier: Apache-2.0

using System.Text;
using FiveSpot.ReclaimAgent.Detection;
using FiveSpot.ReclaimAgent.Tests.Environment;

namespace FiveSpot.ReclaimAgent.Tests.Detection;

/// <summary>Which processes match: tables over a directory that looks like <c>/proc</c>.</summary>
public sealed class MatchingTests : IDisposable
{
    private readonly FakeProc _proc = new();

    public void Dispose() => _proc.Dispose();

    [Theory]
    [InlineData("java", "x", null, true)]
    [InlineData("javac", "x", null, false)]
    [InlineData("JAVA", "x", null, false)]
    [InlineData("x", "/usr/lib/jvm/bin/java\0-jar\0idea.jar\0", null, true)]
    [InlineData("x", "java", null, true)]
    [InlineData("x", "java\0", null, true)]
    [InlineData("x", "java/\0", null, false)]
    [InlineData("x", "-java\0", null, false)]
    [InlineData("x", "/opt/java/bin/other\0", null, false)]
    [InlineData("x", "x\0", "/usr/bin/java", true)]
    [InlineData("x", "x\0", "/usr/bin/java (deleted)", true)]
    [InlineData("x", "x\0", "/usr/java/x", false)]
    [InlineData("", "", "java", true)]
    public void A_command_is_a_name_by_which_the_process_goes(string comm, string commandLine, string? exe, bool matches)
    {
        _proc.Put(7, comm, commandLine, exe);
        _proc.Examine(7, FakeProc.Looking(["java"])).ShouldBe(matches ? "java" : null);
    }

    [Theory]
    [InlineData("bash\0/opt/java\0", true)]
    [InlineData("bash\0/opt/java", true)]
    [InlineData("python3\0-m\0java\0--verbose\0", true)]
    [InlineData("nice\0-n\010\0/usr/bin/java\0-jar\0x.jar\0", true)]
    [InlineData("bash\0\0\0java\0", true)]
    [InlineData("bash\0/opt/java.sh\0", false)]
    [InlineData("bash\0/opt/java/\0", false)]
    [InlineData("bash\0-c\0java -jar x.jar\0", false)]
    [InlineData("bash\0-java\0", false)]
    [InlineData("bash\0--runtime=java\0", false)]
    [InlineData("bash\0Java\0", false)]
    [InlineData("bash\0javac\0xjava\0java \0 java\0", false)]
    public void A_command_is_the_base_name_of_a_whole_argument(string commandLine, bool matches)
    {
        _proc.Put(7, "bash", commandLine, "/bin/bash");
        _proc.Examine(7, FakeProc.Looking(["java"])).ShouldBe(matches ? "java" : null);
    }

    [Theory]
    [InlineData("go", "mongod", "/usr/bin/mongod\0--config\0/etc/mongod.conf\0")]
    [InlineData("go", "cargo", "cargo\0build\0--manifest-path=/src/go-tools/Cargo.toml\0")]
    [InlineData("java", "k0s", "/usr/local/bin/k0s\0worker\0--token-file=/etc/k0s.token\0--labels=k0smotron.io/machine-name=java-farm-07\0--kubelet-extra-args=--hostname-override=java-farm-07\0")]
    [InlineData("java", "kubelet", "/var/lib/k0s/bin/kubelet\0--hostname-override=java-farm-07\0--node-labels=k0smotron.io/machine-name=java-farm-07\0")]
    public void What_only_has_the_name_in_it_does_not_match(string command, string comm, string commandLine)
    {
        _proc.Put(7, comm, commandLine, $"/usr/bin/{comm}");
        _proc.Examine(7, FakeProc.Looking([command])).ShouldBeNull();
    }

    [Theory]
    [InlineData("libreoffice-bas", "libreoffice-base\0", null, true)]
    [InlineData("libreoffice-bas", "/opt/libreoffice-base\0", null, true)]
    [InlineData("libreoffice-bas", "x\0", "/opt/libreoffice-base", true)]
    [InlineData("libreoffice-bas", "libreoffice-basket\0", null, false)]
    [InlineData("libreoffice-bas", "x\0", null, false)]
    public void The_fifteen_bytes_of_a_long_name_are_not_enough(string comm, string commandLine, string? exe, bool matches)
    {
        _proc.Put(7, comm, commandLine, exe);
        _proc.Examine(7, FakeProc.Looking(["libreoffice-base"])).ShouldBe(matches ? "libreoffice-base" : null);
    }

    [Theory]
    [InlineData("java\0-jar\0/opt/idea.jar\0", "-jar /opt/idea", true)]
    [InlineData("java\0-jar\0/opt/idea.jar\0", "idea", true)]
    [InlineData("java\0-jar\0/opt/idea.jar\0", "Idea", false)]
    [InlineData("java\0-jar\0", "-jar ", false)]
    [InlineData("java\0-jar\0\0", "-jar ", true)]
    [InlineData("java\0", "java", true)]
    [InlineData("java", "java", true)]
    [InlineData("", "java", false)]
    public void A_substring_is_looked_for_in_the_arguments_joined_by_spaces(string commandLine, string substring, bool matches)
    {
        _proc.Put(7, "x", commandLine);
        _proc.Examine(7, FakeProc.Looking([], [substring])).ShouldBe(matches ? substring : null);
    }

    [Fact]
    public void A_name_wins_over_a_substring_and_the_first_of_several_gives_the_reason()
    {
        _proc.Put(7, "java", "java\0idea\0");
        _proc.Examine(7, FakeProc.Looking(["none", "java", "idea"], ["idea"])).ShouldBe("java");
        _proc.Put(8, "x", "/bin/java\0idea\0");
        _proc.Examine(8, FakeProc.Looking(["java"], ["idea"])).ShouldBe("java");
        _proc.Examine(8, FakeProc.Looking(["none"], ["nothing", "idea"])).ShouldBe("idea");
    }

    [Fact]
    public void A_substring_is_found_wherever_it_stands_in_a_long_command_line()
    {
        // Around each edge of the window, which is 8 KiB, and with the space between two arguments in it.
        var wanted = "end of one\0start of the next"u8.ToArray();
        var config = FakeProc.Looking(["nothing"], ["none of it", "end of one start of the next"]);
        for (var at = (8 << 10) - wanted.Length - 2; at < (8 << 10) + 2; at++)
        {
            var line = new byte[20_000];
            Array.Fill(line, (byte)'a');
            wanted.CopyTo(line, at);
            _proc.Put(7, "x"u8.ToArray(), line);
            _proc.Examine(7, config).ShouldBe("end of one start of the next", $"at {at}");
        }
    }

    [Fact]
    public void A_whole_argument_is_found_wherever_it_stands_in_a_long_command_line()
    {
        // Around each edge of the window, which is 8 KiB: in one or two pieces, and with its end or without it.
        var wanted = "\0/opt/bin/idea\0"u8.ToArray();
        var config = FakeProc.Looking(["nothing", "idea"], ["none of it"]);
        for (var at = (8 << 10) - wanted.Length - 2; at < (8 << 10) + 2; at++)
        {
            var line = new byte[20_000];
            Array.Fill(line, (byte)'a');
            wanted.CopyTo(line, at);
            _proc.Put(7, "x"u8.ToArray(), line);
            _proc.Examine(7, config).ShouldBe("idea", $"at {at}");
        }
    }

    [Fact]
    public void A_substring_that_ends_at_the_edge_of_the_window_may_end_with_a_space()
    {
        var config = FakeProc.Looking([], ["wanted "]);
        var line = new byte[9_000];
        Array.Fill(line, (byte)'a');
        "wanted\0"u8.CopyTo(line.AsSpan((8 << 10) - 7));
        _proc.Put(7, "x"u8.ToArray(), line);
        _proc.Examine(7, config).ShouldBe("wanted ");
    }

    [Fact]
    public void A_name_may_follow_a_path_of_any_length()
    {
        _proc.Put(7, "x", new string('d', 9_000) + "/java\0rest\0");
        _proc.Examine(7, FakeProc.Looking(["java"])).ShouldBe("java");
        _proc.Put(8, "x", new string('d', 8_190) + "/java\0rest\0");
        _proc.Examine(8, FakeProc.Looking(["java"])).ShouldBe("java");
        _proc.Put(9, "x", new string('j', 9_000) + "java\0rest\0");
        _proc.Examine(9, FakeProc.Looking(["java", new string('j', 256)])).ShouldBeNull();
        var longest = string.Concat(Enumerable.Repeat("😀", 256));
        _proc.Put(10, "x", $"x\0/{longest}\0");
        _proc.Examine(10, FakeProc.Looking([longest])).ShouldBe(longest);
    }

    [Fact]
    public void Names_and_arguments_need_not_be_text()
    {
        _proc.Put(7, [0xff, 0xfe, 0, 0xc3], [0xff, 0x2f, 0xfe, 0, .. "tail"u8]);
        _proc.Examine(7, FakeProc.Looking(["java"], ["nothing"])).ShouldBeNull();
        _proc.Examine(7, FakeProc.Looking(["java"], ["tail"])).ShouldBe("tail");
    }

    [Fact]
    public void One_line_feed_of_a_name_is_the_files_own()
    {
        _proc.Put(7, "two\nlines", "x\0");
        _proc.Examine(7, FakeProc.Looking(["two\nlines"])).ShouldBe("two\nlines");
        _proc.Put(8, "ends\n", "x\0");
        _proc.Examine(8, FakeProc.Looking(["ends\n"])).ShouldBe("ends\n");
        _proc.Examine(8, FakeProc.Looking(["ends"])).ShouldBeNull();
    }

    [Fact]
    public void What_is_gone_is_no_error()
    {
        _proc.Examine(7, FakeProc.Looking(["java"], ["java"])).ShouldBeNull();
        Directory.CreateDirectory(Path.Combine(_proc.Path, "8"));
        _proc.Examine(8, FakeProc.Looking(["java"], ["java"])).ShouldBeNull();
    }

    [Fact]
    public void Threads_of_the_kernel_never_match()
    {
        _proc.Put(7, "java", "", stat: "7 (java) S 2 0 0 0 -1 2129984 0");
        _proc.Examine(7, FakeProc.Looking(["java"])).ShouldBeNull();
        _proc.Put(8, "java", "", stat: "8 (java) S 2 0 0 0 -1 4194560 0");
        _proc.Examine(8, FakeProc.Looking(["java"])).ShouldBe("java");
    }

    [Fact]
    public void What_has_ended_counts_if_its_start_was_told_of()
    {
        _proc.Put(7, "java", "", stat: "7 (java) Z 2 0 0 0 -1 4194560 0");
        _proc.Examine(7, FakeProc.Looking(["java"]), justStarted: true).ShouldBe("java");
        _proc.Examine(7, FakeProc.Looking(["java"]), justStarted: false).ShouldBeNull();
    }

    [Fact]
    public void The_agent_and_what_it_started_never_match()
    {
        _proc.Be(50);
        _proc.Put(50, "java", "", stat: "50 (java) S 1 0 0 0 -1 0 0", cgroup: "0::/user.slice/session-3.scope\n");
        _proc.Put(51, "java", "", stat: "51 (java) S 50 0 0 0 -1 0 0", cgroup: "0::/elsewhere\n");
        _proc.Put(52, "java", "", stat: "52 (ja) va) S 51 0 0 0 -1 0 0", cgroup: "0::/elsewhere\n");
        _proc.Put(53, "java", "", stat: "53 (java) S 1 0 0 0 -1 0 0", cgroup: "0::/user.slice/session-3.scope\n");
        _proc.Put(1, "init", "", stat: "1 (init) S 0 0 0 0 -1 0 0", cgroup: "0::/init.scope\n");
        int[] found = [.. new[] { 50, 51, 52, 53 }.Where(pid => _proc.Examine(pid, FakeProc.Looking(["java"])) is not null)];

        // The last shares the agent's login session, and is what somebody started there.
        found.ShouldBe([53]);
    }

    [Theory]
    [InlineData("0::/kubepods/besteffort/pod1/c1\n", "0::/init.scope\n", "0::/kubepods/besteffort/pod1/c1\n", false)]
    [InlineData("0::/\n", "0::/../../../init.scope\n", "0::/\n", false)]
    [InlineData("0::/\n", "0::/../../../init.scope\n", "0::/../../user.slice\n", true)]
    [InlineData("0::/\n", "0::/\n", "0::/\n", true)]
    [InlineData("0::/user.slice/a.scope\n", "0::/init.scope\n", "0::/user.slice/a.scope\n", true)]
    public void What_is_in_the_agents_container_never_matches(string own, string first, string other, bool matches)
    {
        _proc.Be(50);
        _proc.Put(50, "agent", "", cgroup: own);
        _proc.Put(1, "init", "", cgroup: first);
        _proc.Put(7, "java", "", stat: "7 (java) S 1 0 0 0 -1 0 0", cgroup: other);
        _proc.Examine(7, FakeProc.Looking(["java"])).ShouldBe(matches ? "java" : null);
    }

    [Fact]
    public void In_a_directory_that_is_not_the_kernels_nobody_is_the_agent()
    {
        _proc.Put(System.Environment.ProcessId, "java", "", stat: $"{System.Environment.ProcessId} (java) S 1 0 0 0 -1 0 0");
        _proc.Examine(System.Environment.ProcessId, FakeProc.Looking(["java"])).ShouldBe("java");
    }

    [Fact]
    public void A_process_that_does_not_match_costs_no_allocation()
    {
        _proc.Put(7, "sleep", "/bin/sleep\0" + new string('a', 30_000) + "\0", exe: "/bin/sleep");
        using var directory = new ProcessDirectory(_proc.Path);
        var examiner = new ProcessExaminer(directory);
        var config = FakeProc.Looking(["java", "idea"], ["java", "idea"]);
        for (var i = 0; i < 50; i++)
        {
            examiner.Examine(7, config, justStarted: true).ShouldBeNull();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            _ = examiner.Examine(7, config, justStarted: true);
            _ = examiner.Examine(8, config, justStarted: true);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Fact]
    public void A_command_line_of_two_mebibytes_needs_no_more_memory_than_a_short_one()
    {
        var line = Encoding.ASCII.GetBytes(new string('a', (2 << 20) - 5) + "\0idea");
        _proc.Put(7, "x"u8.ToArray(), line);
        using var directory = new ProcessDirectory(_proc.Path);
        var examiner = new ProcessExaminer(directory);
        _ = examiner.Examine(7, FakeProc.Looking(["java"], ["eclipse"]), justStarted: true);
        var config = FakeProc.Looking(["java"], ["eclipse", "a idea"]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var found = examiner.Examine(7, config, justStarted: true);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        found?.Text.ShouldBe("a idea");
    }
}
