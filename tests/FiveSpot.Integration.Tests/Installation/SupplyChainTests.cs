// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using System.Xml.Linq;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Installation;

/// <summary>That nothing goes into the executables but what was reviewed.</summary>
public sealed class SupplyChainTests
{
    [Theory]
    [InlineData("FiveSpot.Controller")]
    [InlineData("FiveSpot.ReclaimAgent")]
    public void Each_pack_that_is_linked_in_has_a_hash_and_a_publish_restores_what_is_locked(string project)
    {
        var packs = XDocument.Load(Repository.PathOf("eng/RuntimePacks.props")).Descendants("LockedRuntimePack")
            .ToDictionary(pack => pack.Attribute("Include")!.Value, pack => pack.Attribute("Sha512")!.Value);
        packs.Values.ShouldAllBe(hash => hash.Length == 128 && hash.All(char.IsAsciiHexDigitLower));

        // The runtime is of the compiler's version, which the lock file has.
        var locked = JsonNode.Parse(File.ReadAllText(Repository.PathOf($"src/{project}/packages.lock.json")))!["dependencies"]!["net10.0/linux-x64"]!;
        var version = (string)locked["runtime.linux-x64.Microsoft.DotNet.ILCompiler"]!["resolved"]!;
        packs.Keys.ShouldContain($"microsoft.netcore.app.runtime.nativeaot.linux-x64.{version}");
        packs.Keys.ShouldContain($"runtime.linux-x64.microsoft.dotnet.ilcompiler.{version}");

        File.ReadAllText(Repository.PathOf("Directory.Build.targets")).ShouldContain("eng/RuntimePacks.props");
        File.ReadAllText(Repository.PathOf("eng/publish.sh")).ShouldContain("-p:RestoreLockedMode=true");
        File.ReadAllText(Repository.PathOf("Dockerfile")).ShouldContain("RUN eng/publish.sh");
    }

    [Fact]
    public void Known_vulnerabilities_end_the_build_and_its_folder_leaves_no_trace()
    {
        var properties = XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("PropertyGroup").Elements().ToList();
        Value("NuGetAudit").ShouldBe("true");
        Value("NuGetAuditMode").ShouldBe("all");
        Value("PathMap").ShouldBe("$(MSBuildThisFileDirectory)=/_/");

        string Value(string name) => properties.Single(property => property.Name.LocalName == name).Value;
    }
}
