// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.RegularExpressions;

namespace FiveSpot.Docs.Tests.Architecture;

/// <summary>What an executable of 5-Spot says of its flags.</summary>
internal static class CommandHelp
{
    /// <summary>The value that a flag has when neither it nor its variable is given.</summary>
    public static string DefaultOf(string executable, string flag)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{executable}.dll"), "--help"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };

        // A variable of whoever runs the tests is no default.
        start.Environment.Remove(flag.TrimStart('-').ToUpperInvariant().Replace('-', '_'));
        using var process = Process.Start(start)!;
        var help = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0);
        var value = Regex.Match(help, $@"^\s+{flag} .*\[default: (?<value>[^\]]*)\]", RegexOptions.Multiline);
        value.Success.ShouldBeTrue($"{executable} --help tells no default of {flag}:\n{help}");
        return value.Groups["value"].Value;
    }
}
