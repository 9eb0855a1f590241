// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace FiveSpot.Simulation;

/// <summary>
/// Cluster API's admission webhooks for Machines and Clusters: they set defaults and refuse what is wrong, when one is made or
/// changed, and are not asked when one is deleted. While they are down, an API server can write neither.
/// </summary>
public sealed class SimulatedWebhooks : IAsyncDisposable
{
    private const string Defaults = "/mutate", Validates = "/validate";

    private static readonly ResourceType Mutating =
        new("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", Namespaced: false);

    private static readonly ResourceType Validating =
        new("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", Namespaced: false);

    private readonly WebApplication _web;
    private readonly ApiClient _api;
    private volatile bool _isUp = true;
    private volatile string? _refusal;

    private SimulatedWebhooks(WebApplication web, ApiClient api)
    {
        _web = web;
        _api = api;
    }

    /// <summary>Whether they answer; where not, connections to them break.</summary>
    public bool IsUp
    {
        get => _isUp;
        set => _isUp = value;
    }

    /// <summary>Why they refuse every write, as a policy of somebody else might; null where they don't.</summary>
    public string? Refusal
    {
        get => _refusal;
        set => _refusal = value;
    }

    /// <summary>Starts them, and has an API server ask them.</summary>
    /// <param name="api">The management cluster.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ApiException">The server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public static async Task<SimulatedWebhooks> StartAsync(ApiClient api, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(ServerCertificate.Instance.Certificate);
        }));
        var web = builder.Build();
        var webhooks = new SimulatedWebhooks(web, api);
        ((IApplicationBuilder)web).Run(webhooks.HandleAsync);
        try
        {
            await web.StartAsync(cancellationToken);
            await webhooks.RegisterAsync(cancellationToken);
            return webhooks;
        }
        catch
        {
            await web.DisposeAsync();
            throw;
        }
    }

    /// <summary>Has the API server ask them no more, and ends them.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            foreach (var type in (ResourceType[])[Mutating, Validating])
            {
                await _api.DeleteIfThereAsync(type, KeyOf(type), null, CancellationToken.None);
            }
        }
        catch (ApiUnreachableException)
        {
            // It has ended before them.
        }

        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
    }

    private async Task RegisterAsync(CancellationToken cancellationToken)
    {
        var address = new Uri(_web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        foreach (var (type, path, prefix) in ((ResourceType, string, string)[])[(Mutating, Defaults, "default"), (Validating, Validates, "validation")])
        {
            var configuration = new JsonObject
            {
                ["apiVersion"] = type.ApiVersion,
                ["kind"] = type.Kind,
                ["metadata"] = new JsonObject { ["name"] = KeyOf(type).Name },
                ["webhooks"] = new JsonArray(
                [
                    .. ((string[])["machine", "cluster"]).Select(kind => Webhook($"{prefix}.{kind}.cluster.x-k8s.io", $"{kind}s", $"https://127.0.0.1:{address.Port}{path}")),
                ]),
            };
            await _api.CreateAsync(type, "", configuration.ToUtf8(), ClusterWriter.FieldManager, PartialObject.Decode, cancellationToken);
        }
    }

    private static ObjectKey KeyOf(ResourceType type) =>
        ObjectKey.ClusterScoped(type == Mutating ? "capi-mutating-webhook-configuration" : "capi-validating-webhook-configuration");

    private static JsonObject Webhook(string name, string resource, string url) => new()
    {
        ["name"] = name,
        ["clientConfig"] = new JsonObject
        {
            ["url"] = url,
            ["caBundle"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(ServerCertificate.Instance.AuthorityPem)),
        },
        ["rules"] = new JsonArray(new JsonObject
        {
            ["apiGroups"] = new JsonArray("cluster.x-k8s.io"),
            ["apiVersions"] = new JsonArray("v1beta1", "v1beta2"),
            ["operations"] = new JsonArray("CREATE", "UPDATE"),
            ["resources"] = new JsonArray(resource),
            ["scope"] = "*",
        }),
        ["failurePolicy"] = "Fail",
        ["matchPolicy"] = "Equivalent",
        ["sideEffects"] = "None",
        ["timeoutSeconds"] = 10,
        ["admissionReviewVersions"] = new JsonArray("v1"),
    };

    private async Task HandleAsync(HttpContext call)
    {
        if (!_isUp)
        {
            call.Abort();
            return;
        }

        var request = (await JsonNode.ParseAsync(call.Request.Body, cancellationToken: call.RequestAborted)).Map("request")!;
        var obj = request.Map("object")!;
        var verdict = call.Request.Path == Defaults ? ClusterApiAdmission.Default(obj) : ClusterApiAdmission.Validate(obj, request.Map("oldObject"));
        var response = new JsonObject { ["uid"] = request.Text("uid"), ["allowed"] = true };
        if (_refusal is { } why && call.Request.Path != Defaults)
        {
            Refuse(response, 403, "Forbidden", why);
        }
        else if (verdict.Problems.Count > 0)
        {
            var problems = verdict.Problems.Count == 1 ? verdict.Problems[0] : $"[{string.Join(", ", verdict.Problems)}]";
            Refuse(response, 422, "Invalid", $"{obj.Text("kind")}.cluster.x-k8s.io \"{obj.Text("metadata", "name")}\" is invalid: {problems}");
        }
        else if (verdict.Patch.Count > 0)
        {
            response["patchType"] = "JSONPatch";
            response["patch"] = Convert.ToBase64String(verdict.Patch.ToUtf8());
        }

        var review = new JsonObject { ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview", ["response"] = response };
        call.Response.ContentType = "application/json";
        await call.Response.Body.WriteAsync(review.ToUtf8(), call.RequestAborted);
    }

    private static void Refuse(JsonObject response, int code, string reason, string message)
    {
        response["allowed"] = false;
        response["status"] = new JsonObject
        {
            ["status"] = "Failure",
            ["code"] = code,
            ["reason"] = reason,
            ["message"] = message,
        };
    }
}
