// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Http;

/// <summary>From a verb on a resource to its handler.</summary>
internal sealed class ResourceRouter
{
    private readonly ObjectReader _reader;
    private readonly WatchHandler _watches;
    private readonly WriteHandlers _writes;
    private readonly DeleteHandlers _deletes;
    private readonly SubresourceHandlers _subresources;

    public ResourceRouter(
        ObjectReader reader, WatchHandler watches, WriteHandlers writes, DeleteHandlers deletes, SubresourceHandlers subresources)
    {
        _reader = reader;
        _watches = watches;
        _writes = writes;
        _deletes = deletes;
        _subresources = subresources;
    }

    public async Task<ApiResponse> HandleAsync(ApiCall call, string verb)
    {
        var (resource, target) = (call.Resource, call.Target);
        var method = call.Http.Request.Method;
        if (method == "HEAD")
        {
            throw Refusal.MethodNotAllowed(method);
        }

        if (resource.Store is null)
        {
            return verb == "create" && target.Name is null ? await ReviewHandlers.CreateAsync(call) : throw Refusal.MethodNotAllowed(verb);
        }

        // All namespaces can be read, nothing can be created in them.
        if (resource.Namespaced && target.Namespace is null && (target.Name is not null || verb is not ("list" or "watch")))
        {
            if (resource.IsCustom)
            {
                return ApiResponse.PageNotFound();
            }

            throw target.Name is not null ? Refusal.NoSuchResource() : Refusal.MethodNotAllowed(verb);
        }

        if (target.Subresource is { } subresource)
        {
            if (subresource == "status" && resource.HasStatus)
            {
                return verb switch
                {
                    "get" => _reader.Get(call),
                    "update" => await _writes.UpdateAsync(call, "status"),
                    "patch" => await _writes.PatchAsync(call, "status"),
                    _ => throw Refusal.MethodNotAllowed(verb),
                };
            }

            return await _subresources.HandleAsync(call, subresource, verb) ?? throw (resource.IsCustom ? Refusal.NotFound(resource, call.Name) : Refusal.NoSuchResource());
        }

        return (verb, target.Name) switch
        {
            ("get", not null) => _reader.Get(call),
            ("list", null) => _reader.List(call),
            ("watch", _) => _watches.Watch(call),
            ("create", null) => await _writes.CreateAsync(call),
            ("update", not null) => await _writes.UpdateAsync(call, string.Empty),
            ("patch", not null) => await _writes.PatchAsync(call, string.Empty),
            ("delete", not null) => await _deletes.DeleteAsync(call),
            ("deletecollection", null) when resource.Verbs.Contains("deletecollection") => await _deletes.DeleteCollectionAsync(call),
            _ => throw Refusal.MethodNotAllowed(method),
        };
    }
}
