// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.RegularExpressions;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>
/// The folder with the binaries of a real control plane: what <c>KUBEBUILDER_ASSETS</c> names, or what
/// <c>make kube-assets</c> has made.
/// </summary>
internal sealed partial record KubeAssets(string Folder, Version Version)
{
    private static readonly Lazy<KubeAssets?> Looked = new(Look);

    /// <summary>Null where there are none; then <see cref="WhyNot"/> says what to do.</summary>
    public static KubeAssets? Found => Looked.Value;

    public static string WhyNot =>
        "no kube-apiserver here: `make kube-assets` builds one on Debian 12; elsewhere set KUBEBUILDER_ASSETS to a folder with kube-apiserver, kube-controller-manager and etcd";

    public string this[string program] => Path.Combine(Folder, program);

    private static KubeAssets? Look()
    {
        var script = Repository.PathOf("eng/kube-assets.sh");
        var folder = Run("bash", script, "--if-built").Trim();
        if (folder.Length == 0)
        {
            return null;
        }

        var match = VersionPattern().Match(Run(Path.Combine(folder, "kube-apiserver"), "--version"));
        return new KubeAssets(folder, match.Success
            ? new Version(int.Parse(match.Groups[1].ValueSpan), int.Parse(match.Groups[2].ValueSpan))
            : throw new InvalidOperationException($"{folder}/kube-apiserver does not tell its version."));
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }

    [GeneratedRegex(@"v(\d+)\.(\d+)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex VersionPattern();
}
