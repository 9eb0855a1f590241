// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Diagnostics;

namespace FiveSpot.Kubernetes.Tests;

/// <summary>One span for each call.</summary>
public sealed class RuntimeTracesTests
{
    [Fact]
    public async Task Each_call_is_a_span_with_what_became_of_it()
    {
        await using var server = await ScriptedServer.StartAsync(static context => context.Request.Path.Value!.EndsWith("/b", StringComparison.Ordinal)
            ? context.Status(404, "NotFound", "no such thing")
            : context.Json(Things.Json("a", "2")));
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == RuntimeTraces.SourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if ((int?)span.GetTagItem("server.port") == server.Address.Port)
                {
                    spans.Enqueue(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        using (var client = server.Connect())
        {
            await client.GetRawAsync("/version", static _ => 0, default);
            await client.MergePatchAsync(Things.Type, Things.Key("a"), "{}"u8.ToArray(), "me", "status", Things.Decode, default);
            await Should.ThrowAsync<ApiException>(() => client.GetAsync(Things.Type, Things.Key("b"), Things.Decode, default));
        }

        await server.DisposeAsync();
        using (var client = server.Connect())
        {
            await Should.ThrowAsync<ApiUnreachableException>(() => client.DeleteAsync(Things.Type, Things.Key("c"), null, default));
        }

        spans.Select(Describe).ShouldBe([
            "get /version : 200 Unset",
            "patch things.example.com/status ns/a: 200 Unset",
            "get things.example.com ns/b: 404 Error NotFound",
            "delete things.example.com ns/c:  Error ApiUnreachableException",
        ]);
        spans.ShouldAllBe(span => span.Kind == ActivityKind.Client);
    }

    private static string Describe(Activity span)
    {
        var target = string.Join('/', new[] { span.GetTagItem("k8s.namespace.name"), span.GetTagItem("k8s.object.name") }.Where(tag => tag is not null));
        return $"{span.DisplayName} {target}: {span.GetTagItem("http.response.status_code")} {span.Status} {span.GetTagItem("error.type")}".TrimEnd();
    }
}
