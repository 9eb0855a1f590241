// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;

namespace FiveSpot.Sandbox.Hosting;

/// <summary>Applies manifests as <c>kubectl apply --server-side</c> does.</summary>
/// <param name="api">The cluster.</param>
public sealed class ManifestApplier(ApiClient api)
{
    private const string FieldManager = "5spot-sandbox";

    private readonly Discovery _discovery = new(api);

    /// <summary>Applies one object; in namespace <c>default</c> where it names none.</summary>
    /// <exception cref="BadInputException">The API server does not know the kind, or refuses the object.</exception>
    public async Task ApplyAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        try
        {
            var (type, key) = await FindAsync(manifest, cancellationToken);
            await api.ApplyAsync(type, key, manifest.Utf8Yaml, FieldManager, force: true, null, PartialObject.Decode, cancellationToken);
        }
        catch (ApiException refused)
        {
            throw new BadInputException($"{manifest.Source}: {manifest.Kind} {manifest.Name} was refused: {refused.Message}", refused);
        }
    }

    /// <summary>Whether there is an object of its kind and name.</summary>
    /// <exception cref="BadInputException">The API server does not know the kind.</exception>
    public async Task<bool> IsThereAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var (type, key) = await FindAsync(manifest, cancellationToken);
        return await api.TryGetMetadataAsync(type, key, cancellationToken) is not null;
    }

    private async Task<(ResourceType Type, ObjectKey Key)> FindAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var type = await _discovery.FindAsync(manifest.ApiVersion, manifest.Kind, cancellationToken)
            ?? throw new BadInputException($"{manifest.Source}: the API server has no kind {manifest.Kind} in {manifest.ApiVersion}.");
        return (type, new ObjectKey(type.Namespaced ? manifest.Namespace ?? "default" : "", manifest.Name));
    }
}
