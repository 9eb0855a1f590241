// SPDX-License-Identifier: Apache-2.0

// Writes what an executable is made of, as CycloneDX:
// `dotnet run eng/sbom.cs -- PROJECT EXECUTABLE VERSION ARTIFACTS FILE [NAME=VERSION ...]`.
// PROJECT is the folder of a project that was published to ARTIFACTS: what NuGet resolved for it is in its obj. NAME=VERSION are
// Debian or Ubuntu packages of libraries that an image adds. The same input makes the same file, without a time or a random
// number: the serial number is made of the content. What is linked is what the compiler says that it took code or types from.
#:property RestorePackagesWithLockFile=false
#:property RestoreLockedMode=false
#:property PublishAot=false
#:property NoWarn=$(NoWarn);MA0048

using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;

if (args is not [var project, var executable, var version, var artifacts, var file, .. var systemPackages])
{
    await Console.Error.WriteLineAsync("Usage: dotnet run eng/sbom.cs -- PROJECT EXECUTABLE VERSION ARTIFACTS FILE [NAME=VERSION ...]");
    return 2;
}

var assets = JsonNode.Parse(await File.ReadAllBytesAsync(Path.Combine(project, "obj", "project.assets.json")))!;
var framework = assets["project"]!["frameworks"]!.AsObject().Single().Value!;
var folders = assets["packageFolders"]!.AsObject().Select(folder => folder.Key).ToList();

var packages = assets["libraries"]!.AsObject()
    .Where(library => (string)library.Value!["type"]! == "package")
    .Select(library => library.Key.Split('/'))
    .Select(id => (Name: id[0], Version: id[1]))
    // The runtime is compiled in from packs, which no project refers to by itself.
    .Concat(framework["downloadDependencies"]!.AsArray().Select(pack => (Name: (string)pack!["name"]!, Version: ((string)pack["version"]!).Trim('[', ']').Split(',')[0])))
    .Distinct()
    .OrderBy(package => package.Name, StringComparer.OrdinalIgnoreCase);

var linked = LinkedAssemblies();
var components = new JsonArray();
foreach (var (name, packageVersion) in packages)
{
    components.Add(Component(
        "library", name, packageVersion, $"pkg:nuget/{name}@{packageVersion}", LicenseOf(name, packageVersion), !IsLinked(name, packageVersion), HashOf(name, packageVersion)));
}

var distribution = systemPackages is [] ? "" : (await File.ReadAllLinesAsync("/etc/os-release")).Single(line => line.StartsWith("ID=", StringComparison.Ordinal))["ID=".Length..];
foreach (var package in systemPackages.Select(package => package.Split('=', 2)).OrderBy(package => package[0], StringComparer.Ordinal))
{
    components.Add(Component("library", package[0], package[1], $"pkg:deb/{distribution}/{Uri.EscapeDataString(package[0])}@{Uri.EscapeDataString(package[1])}?arch=amd64"));
}

var document = new JsonObject
{
    ["$schema"] = "http://cyclonedx.org/schema/bom-1.6.schema.json",
    ["bomFormat"] = "CycloneDX",
    ["specVersion"] = "1.6",
    ["serialNumber"] = "",
    ["version"] = 1,
    ["metadata"] = new JsonObject { ["component"] = Component("application", executable, version, $"pkg:generic/{executable}@{version}", "Apache-2.0", hash: HashOfExecutable()) },
    ["components"] = components,
};
var digest = SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(document.ToJsonString()))[..16];
(digest[6], digest[8]) = ((byte)((digest[6] & 0x0f) | 0x80), (byte)((digest[8] & 0x3f) | 0x80)); // A UUID of version 8: of one's own making.
document["serialNumber"] = $"urn:uuid:{new Guid(digest, bigEndian: true)}";
Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
// Readable in a page, not made for one: a + may stand as it is.
await File.WriteAllTextAsync(
    file, document.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n");
return 0;

// Analyzers and the like leave nothing in the executable, nor does a library of which nothing is used.
bool IsLinked(string name, string packageVersion) =>
    FolderOf(name, packageVersion) is { } folder
    && Directory.EnumerateFiles(folder, "*.dll", SearchOption.AllDirectories)
        .Where(path => Path.GetRelativePath(folder, path).Split(Path.DirectorySeparatorChar)[0] is "lib" or "runtimes" or "sdk" or "native" or "framework")
        .Any(path => linked.Contains(Path.GetFileNameWithoutExtension(path)))
    && !IsOtherRuntime(name);

// Packs with the same assemblies for another way to run: they are fetched, and nothing of them is compiled in.
static bool IsOtherRuntime(string name) => name.StartsWith("Microsoft.AspNetCore.App.", StringComparison.OrdinalIgnoreCase)
    || (name.StartsWith("Microsoft.NETCore.App.Runtime.", StringComparison.OrdinalIgnoreCase) && !name.Contains(".NativeAOT.", StringComparison.OrdinalIgnoreCase));

// The compiler's own account of what has gone in, written as an assembly that refers to all others that it took something of.
HashSet<string> LinkedAssemblies()
{
    var account = Path.Combine(project, "obj", "Release", "net10.0", "linux-x64", "native", $"{executable}.mstat");
    using var assembly = new PEReader(File.OpenRead(account));
    var metadata = assembly.GetMetadataReader();
    return [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];
}

string? FolderOf(string name, string packageVersion) => folders
    .Select(folder => Path.Combine(folder, name.ToLowerInvariant(), packageVersion.ToLowerInvariant()))
    .FirstOrDefault(Directory.Exists);

// Of the package as it was fetched.
(string Algorithm, string Content)? HashOf(string name, string packageVersion)
{
    var package = FolderOf(name, packageVersion) is { } folder ? Directory.EnumerateFiles(folder, "*.nupkg").SingleOrDefault() : null;
    return package is null ? null : ("SHA-512", Convert.ToHexStringLower(SHA512.HashData(File.ReadAllBytes(package))));
}

(string Algorithm, string Content) HashOfExecutable() =>
    ("SHA-256", Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(artifacts, executable, executable)))));

string? LicenseOf(string name, string packageVersion)
{
    var specification = FolderOf(name, packageVersion) is { } folder ? Path.Combine(folder, $"{name.ToLowerInvariant()}.nuspec") : null;
    var license = !File.Exists(specification) ? null : XDocument.Load(specification).Descendants().FirstOrDefault(element => element.Name.LocalName == "license");
    return license?.Attribute("type")?.Value == "expression" ? license.Value : null;
}

static JsonObject Component(string type, string name, string version, string purl, string? license = null, bool isLeftOut = false, (string Algorithm, string Content)? hash = null)
{
    var component = new JsonObject { ["type"] = type, ["bom-ref"] = purl, ["name"] = name, ["version"] = version };
    if (isLeftOut)
    {
        component["scope"] = "excluded";
    }

    if (hash is { } known)
    {
        component["hashes"] = new JsonArray(new JsonObject { ["alg"] = known.Algorithm, ["content"] = known.Content });
    }

    if (license is not null)
    {
        component["licenses"] = new JsonArray(new JsonObject { ["expression"] = license });
    }

    component["purl"] = purl;
    return component;
}
