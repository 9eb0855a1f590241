// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>Which versions of a definition are served, for as long as a scenario lasts.</summary>
internal sealed class VersionSwitch : IAsyncDisposable
{
    private readonly Cluster _cluster;
    private readonly ResourceType _kind;
    private readonly JsonNode _versions;

    private VersionSwitch(Cluster cluster, ResourceType kind, JsonNode versions) => (_cluster, _kind, _versions) = (cluster, kind, versions);

    private string Name => $"{_kind.Plural}.{_kind.Group}";

    public static async Task<VersionSwitch> OfAsync(Cluster cluster, ResourceType kind) =>
        new(cluster, kind, (await cluster.GetAsync(Kinds.Crd, $"{kind.Plural}.{kind.Group}"))!["spec"]!["versions"]!.DeepClone());

    /// <summary>Serves these versions and no others, and waits until it is so.</summary>
    public async Task ServeAsync(params IReadOnlyList<string> served)
    {
        var versions = (JsonArray)_versions.DeepClone();
        foreach (var version in versions)
        {
            version!["served"] = served.Contains((string)version["name"]!);
        }

        await PutAsync(versions);
        await Wait.UntilAsync($"{Name} is served at {string.Join(" and ", served)} alone", async () =>
        {
            foreach (var version in versions)
            {
                if (await IsServedAsync((string)version!["name"]!) != (bool)version["served"]!)
                {
                    return false;
                }
            }

            return true;
        });
    }

    public async ValueTask DisposeAsync()
    {
        await PutAsync((JsonArray)_versions.DeepClone());
        var served = _versions.AsArray().Where(static version => (bool)version!["served"]!).Select(static version => (string)version!["name"]!).ToList();
        await Wait.UntilAsync($"{Name} is served as before", () => AllAsync(served, IsServedAsync));
        if (_cluster.RealServer is not null)
        {
            // Who may be an owner a server looks up again every half minute.
            await Wait.UntilAsync($"{Name} may own as before", () => AllAsync(served, MayOwnAsync), deadline: 2 * Wait.Deadline);
        }
    }

    private static async Task<bool> AllAsync(IReadOnlyList<string> versions, Func<string, Task<bool>> holds)
    {
        foreach (var version in versions)
        {
            if (!await holds(version))
            {
                return false;
            }
        }

        return true;
    }

    // The list of versions is replaced as a whole by a merge patch.
    private Task PutAsync(JsonArray versions) => _cluster.PatchAsync(
        Kinds.Crd, Name, new JsonObject { ["spec"] = new JsonObject { ["versions"] = versions } }.ToJsonString());

    private async Task<bool> MayOwnAsync(string version)
    {
        var owned = Encoding.UTF8.GetBytes($$"""
            {"apiVersion":"v1","kind":"Secret","metadata":{"name":"owned","ownerReferences":[
              {"apiVersion":"{{_kind.Group}}/{{version}}","kind":"{{_kind.Kind}}","name":"owner","uid":"owner","blockOwnerDeletion":true}]} }
            """);
        try
        {
            await _cluster.Api.CreateAsync(
                Kinds.Secret, _cluster.Namespace, owned, "scenario", new CreateOptions { DryRun = true }, Cluster.Parse, CancellationToken.None);
            return true;
        }
        catch (ApiException exception) when (exception.Code == 403)
        {
            return false;
        }
    }

    private async Task<bool> IsServedAsync(string version)
    {
        try
        {
            await _cluster.Api.GetRawAsync($"/apis/{_kind.Group}/{version}/{_kind.Plural}?limit=1", Cluster.Parse, CancellationToken.None);
            return true;
        }
        catch (ApiException exception) when (exception.Code == 404)
        {
            return false;
        }
        catch (ApiException exception) when (exception.IsTooManyRequests)
        {
            return false;
        }
    }
}
