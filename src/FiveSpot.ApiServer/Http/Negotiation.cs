// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Http;

/// <summary>Reads <c>Accept</c>: JSON in one of its forms; other encodings are passed over for the next that is offered.</summary>
internal static class Negotiation
{
    public static RepresentationKind Choose(string? accept, bool isObject = true)
    {
        if (string.IsNullOrWhiteSpace(accept))
        {
            return RepresentationKind.Full;
        }

        foreach (var offer in Offers(accept))
        {
            if (offer.Type is not ("application/json" or "application/*" or "*/*"))
            {
                continue;
            }

            switch (offer.Parameters.GetValueOrDefault("as"))
            {
                case null:
                    return RepresentationKind.Full;
                case "Table" when isObject && IsMeta(offer.Parameters):
                    return RepresentationKind.Table;
                case "PartialObjectMetadata" when isObject && IsMeta(offer.Parameters):
                    return RepresentationKind.Metadata;
                case "PartialObjectMetadataList" when isObject && IsMeta(offer.Parameters):
                    return RepresentationKind.MetadataList;
            }
        }

        throw Offers(accept).Any(offer => offer.Type is "application/json" or "application/*" or "*/*")
            ? Refusal.NotAcceptable("application/json, application/yaml, application/vnd.kubernetes.protobuf")
            : Refusal.NothingAcceptable();
    }

    /// <summary>The version of aggregated discovery that the client prefers to the old form; null for the old form.</summary>
    public static string? ChooseDiscovery(string? accept)
    {
        foreach (var offer in Offers(accept ?? string.Empty))
        {
            if (offer.Type is not ("application/json" or "application/*" or "*/*"))
            {
                continue;
            }

            if (!offer.Parameters.TryGetValue("as", out var form))
            {
                return null;
            }

            if (form == "APIGroupDiscoveryList" && offer.Parameters.GetValueOrDefault("g") == "apidiscovery.k8s.io"
                && offer.Parameters.GetValueOrDefault("v") is "v2" or "v2beta1")
            {
                return offer.Parameters["v"];
            }
        }

        return null;
    }

    /// <summary>Whether JSON will do.</summary>
    public static bool AcceptsJson(string? accept) =>
        string.IsNullOrWhiteSpace(accept) || Offers(accept).Any(offer => offer.Type is "application/json" or "application/*" or "*/*");

    /// <summary>Whether protobuf is asked for first, as kubectl asks for OpenAPI version 2.</summary>
    public static bool AcceptsProtobufOfOpenApi(string? accept) =>
        Offers(accept ?? string.Empty).FirstOrDefault().Type is "application/com.github.proto-openapi.spec.v2@v1.0+protobuf" or "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    private static bool IsMeta(Dictionary<string, string> parameters) =>
        parameters.GetValueOrDefault("g") == "meta.k8s.io" && parameters.GetValueOrDefault("v") is "v1" or "v1beta1";

    private static IEnumerable<(string Type, Dictionary<string, string> Parameters)> Offers(string accept)
    {
        foreach (var offer in accept.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var parts = offer.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var part in parts.Skip(1))
            {
                var mark = part.IndexOf('=', StringComparison.Ordinal);
                if (mark > 0)
                {
                    parameters[part[..mark]] = part[(mark + 1)..];
                }
            }

            yield return (parts.Length == 0 ? string.Empty : parts[0], parameters);
        }
    }
}
