// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace FiveSpot.Kubernetes;

/// <summary>
/// One JSON object a line, flat: <c>time</c>, <c>level</c>, <c>logger</c>, <c>message</c>; what the scopes around it say; what
/// the message was made of, in snake_case; <c>trace_id</c> while a trace is recorded; <c>exception</c>.
/// </summary>
/// <remarks>An <see cref="ObjectKey"/> is written as <c>namespace</c> and <c>name</c>. Of two fields of one name, the first
/// counts.</remarks>
public sealed class JsonLineFormatter : ConsoleFormatter
{
    /// <summary>What it is chosen by.</summary>
    public const string FormatterName = "json-lines";

    private const int LongestText = 8 << 10;
    private const string Template = "{OriginalFormat}";

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly TimeProvider _time;

    /// <summary>A formatter.</summary>
    public JsonLineFormatter()
        : this(TimeProvider.System)
    {
    }

    /// <summary>A formatter that tells this time.</summary>
    internal JsonLineFormatter(TimeProvider time)
        : base(FormatterName) => _time = time;

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            var written = new HashSet<string>(StringComparer.Ordinal) { "time", "level", "logger", "message", "trace_id", "exception" };
            json.WriteStartObject();
            json.WriteString("time", _time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("level", logEntry.LogLevel switch
            {
                LogLevel.Trace => "trace",
                LogLevel.Debug => "debug",
                LogLevel.Information => "info",
                LogLevel.Warning => "warn",
                LogLevel.Error => "error",
                _ => "critical",
            });
            json.WriteString("logger", logEntry.Category);
            json.WriteString("message", ForeignText.Line(logEntry.Formatter(logEntry.State, logEntry.Exception), LongestText));
            scopeProvider?.ForEachScope(static (scope, to) => WriteFields(to.json, to.written, scope), (json, written));
            WriteFields(json, written, logEntry.State);
            if (Activity.Current is { IsAllDataRequested: true } activity)
            {
                json.WriteString("trace_id", activity.TraceId.ToHexString());
            }

            if (logEntry.Exception is { } exception)
            {
                json.WriteString("exception", ForeignText.Lines(exception.ToString(), LongestText));
            }

            json.WriteEndObject();
        }

        textWriter.Write(Encoding.UTF8.GetString(buffer.WrittenSpan));
        textWriter.Write('\n');
    }

    private static void WriteFields(Utf8JsonWriter json, HashSet<string> written, object? state)
    {
        if (state is not IReadOnlyList<KeyValuePair<string, object?>> fields)
        {
            return;
        }

        for (var i = 0; i < fields.Count; i++)
        {
            var (name, value) = fields[i];
            if (value is ObjectKey key)
            {
                WriteField(json, written, "namespace", key.Namespace);
                WriteField(json, written, "name", key.Name);
            }
            else if (name != Template)
            {
                WriteField(json, written, JsonNamingPolicy.SnakeCaseLower.ConvertName(name), value);
            }
        }
    }

    private static void WriteField(Utf8JsonWriter json, HashSet<string> written, string name, object? value)
    {
        if (!written.Add(name))
        {
            return;
        }

        json.WritePropertyName(name);
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case bool truth:
                json.WriteBooleanValue(truth);
                break;
            case int number:
                json.WriteNumberValue(number);
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            default:
                json.WriteStringValue(ForeignText.Line(Convert.ToString(value, CultureInfo.InvariantCulture), LongestText));
                break;
        }
    }
}
