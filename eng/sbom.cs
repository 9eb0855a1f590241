// SPDX-License-Identifier: Apache-2.0

// Writes what an executable is made of, as CycloneDX: `dotnet run eng/sbom.cs -- PROJECT EXECUTABLE VERSION FILE [NAME=VERSION ...]`.
// PROJECT is the folder of a project that was published: what NuGet resolved for it is in its obj. NAME=VERSION are Debian
// or Ubuntu packages of libraries that an image adds. The same input makes the same file, without a time or a random number.
#:property RestorePackagesWithLockFile=false
#:property RestoreLockedMode=false
#:property PublishAot=false
#:property NoWarn=$(NoWarn);MA0048

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;

if (args is not [var project, var executable, var version, var file, .. var systemPackages])
{
    await Console.Error.WriteLineAsync("Usage: dotnet run eng/sbom.cs -- PROJECT EXECUTABLE VERSION FILE [NAME=VERSION ...]");
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

var components = new JsonArray();
foreach (var (name, packageVersion) in packages)
{
    components.Add(Component("library", name, packageVersion, $"pkg:nuget/{name}@{packageVersion}", LicenseOf(name, packageVersion), IsForBuilding(name)));
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
    ["version"] = 1,
    ["metadata"] = new JsonObject { ["component"] = Component("application", executable, version, $"pkg:generic/{executable}@{version}", "Apache-2.0") },
    ["components"] = components,
};
Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
// Readable in a page, not made for one: a + may stand as it is.
await File.WriteAllTextAsync(
    file, document.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n");
return 0;

// Analyzers and the like leave nothing in the executable; of the compiler its runtime does.
bool IsForBuilding(string name) =>
    !name.EndsWith("ILCompiler", StringComparison.Ordinal) && (string?)framework["dependencies"]?[name]?["suppressParent"] == "All";

string? LicenseOf(string name, string packageVersion)
{
    var specification = folders
        .Select(folder => Path.Combine(folder, name.ToLowerInvariant(), packageVersion.ToLowerInvariant(), $"{name.ToLowerInvariant()}.nuspec"))
        .FirstOrDefault(File.Exists);
    var license = specification is null ? null : XDocument.Load(specification).Descendants().FirstOrDefault(element => element.Name.LocalName == "license");
    return license?.Attribute("type")?.Value == "expression" ? license.Value : null;
}

static JsonObject Component(string type, string name, string version, string purl, string? license = null, bool isForBuilding = false)
{
    var component = new JsonObject { ["type"] = type, ["bom-ref"] = purl, ["name"] = name, ["version"] = version };
    if (isForBuilding)
    {
        component["scope"] = "excluded";
    }

    if (license is not null)
    {
        component["licenses"] = new JsonArray(new JsonObject { ["expression"] = license });
    }

    component["purl"] = purl;
    return component;
}
