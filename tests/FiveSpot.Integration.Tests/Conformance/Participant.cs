// SPDX-License-Identifier: Apache-2.0

using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>One of the two servers in a conversation, with what it has answered so far.</summary>
internal sealed partial class Participant : IDisposable
{
    private static readonly string[] Headers = ["Content-Type", "Retry-After", "Warning", "Allow"];

    private static readonly TimeSpan WatchDeadline = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly string _token;
    private readonly Dictionary<string, Answer> _answers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task<JsonNode>> _open = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<Conversation.OlderName> _olderNames;
    private readonly Dictionary<string, string> _given;

    public Participant(Uri address, string certificates, string token, string @namespace, IReadOnlyList<Conversation.OlderName> olderNames, string webhooks)
    {
        _http = PinnedClient.To(address, certificates);
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("conformance/1");
        _token = token;
        _given = new(StringComparer.Ordinal) { ["ns"] = @namespace, ["hook"] = webhooks, ["ca"] = WebhookServer.CaBundle };
        _olderNames = olderNames;
    }

    public Normalizer Normalizer { get; } = new();

    /// <summary>Asks, again and again if the step waits for something, and remembers the answer.</summary>
    public async Task<Answer> AskAsync(Step step)
    {
        var answer = await SendAsync(step);
        if (step.Awaited is { } awaited && answer.Read(awaited.Field) != awaited.Value)
        {
            await Wait.UntilAsync(
                $"{step.Name}: {awaited.Field} is {awaited.Value}",
                async () => (answer = await SendAsync(step)).Read(awaited.Field) == awaited.Value,
                () => Task.FromResult($"{answer.Code} {answer.Body?.ToJsonString()}"));
        }

        _answers[step.Name] = answer;
        return answer;
    }

    public void Dispose() => _http.Dispose();

    private async Task<Answer> SendAsync(Step step)
    {
        if (step.EndOf is { } opened)
        {
            return new Answer(0, new Dictionary<string, string>(), await _open[opened].WaitAsync(WatchDeadline, TestContext.Current.CancellationToken));
        }

        using var request = new HttpRequestMessage(step.Method, new Uri(Sent(step.Path), UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Accept", step.Accept);
        if (!step.Anonymous)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        }

        if (step.Body is { } body)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Sent(body)));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", step.ContentType);
        }

        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        if (step.StaysOpen && response.IsSuccessStatusCode)
        {
            _open[step.Name] = ReadToEndAsync(response);
            return new Answer((int)response.StatusCode, new Dictionary<string, string>(), null);
        }

        using var answered = response;
        var headers = response.Headers.Concat(response.Content.Headers)
            .Where(header => Headers.Contains(header.Key, StringComparer.Ordinal))
            .ToDictionary(header => header.Key, header => string.Join(" | ", header.Value.Select(Received)), StringComparer.Ordinal);
        var read = step.Events is { } events && response.IsSuccessStatusCode ? await ReadEventsAsync(response, events) : await ReadBodyAsync(response);
        return new Answer((int)response.StatusCode, headers, Keep(step.Kept, read));
    }

    private async Task<JsonNode?> ReadBodyAsync(HttpResponseMessage response)
    {
        var text = Received(await response.Content.ReadAsStringAsync());
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text;
        }
    }

    private async Task<JsonNode> ReadToEndAsync(HttpResponseMessage response)
    {
        using var watch = response;
        var events = new JsonArray();
        try
        {
            await ReadEventsAsync(response, int.MaxValue, events);
            return new JsonObject { ["events"] = events, ["end"] = "in good order" };
        }
        catch (IOException cut)
        {
            return new JsonObject { ["events"] = events, ["end"] = cut.Message };
        }
    }

    private async Task<JsonNode> ReadEventsAsync(HttpResponseMessage response, int count, JsonArray? into = null)
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var events = into ?? [];
        while (events.Count < count && await reader.ReadLineAsync() is { } line)
        {
            var change = JsonNode.Parse(Received(line))!;
            if ((string?)change["type"] != "BOOKMARK")
            {
                events.Add(change);
            }
        }

        return events;
    }

    private static JsonNode? Keep(Step.Filter? filter, JsonNode? body)
    {
        if (filter is not null && body?[filter.List] is JsonArray list)
        {
            body[filter.List] = new JsonArray([.. list
                .Where(item => filter.Values.Contains((string?)item?[filter.Field], StringComparer.Ordinal))
                .OrderBy(item => (string?)item![filter.Field], StringComparer.Ordinal)
                .Select(item => item!.DeepClone())]);
        }

        return body;
    }

    private string Sent(string text) => _olderNames.Aggregate(
        PlaceholderPattern().Replace(text, match => _given.GetValueOrDefault(match.Groups["step"].Value)
            ?? _answers[match.Groups["step"].Value].Read(match.Groups["path"].Value)
            ?? throw new InvalidOperationException($"The answer has no {match.Value}: {_answers[match.Groups["step"].Value].Body?.ToJsonString()}")),
        (sent, name) => sent.Replace(name.Name, name.Older, StringComparison.Ordinal));

    private string Received(string text) => _olderNames.Aggregate(text, (received, name) => received.Replace(name.Older, name.Name, StringComparison.Ordinal));

    [GeneratedRegex(@"\$\{(?<step>[^.}]+)(\.(?<path>[^}]+))?\}", RegexOptions.ExplicitCapture)]
    private static partial Regex PlaceholderPattern();
}
