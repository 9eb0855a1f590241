// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>
/// What the controller itself may do, asked before the first object of a machine is made, so that a right that is missing
/// for the last of them does not leave the others behind. Asking never waits: whoever asked too early is called back when
/// there is an answer.
/// </summary>
/// <remarks>
/// A yes is remembered until the API server refuses something all the same, so that at rest, and at a boundary, nothing is
/// asked. A no is given at once and asked again in the background each time that somebody wants to know.
/// </remarks>
public sealed partial class Permissions : IDisposable
{
    // What is missing is asked for whenever a machine that lacks it is looked at, and yet not more often than this.
    private static readonly TimeSpan FirstAskAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestAskAgain = TimeSpan.FromMinutes(1);

    private static readonly string[] OfProviderObjects = ["create", "delete"];
    private static readonly string[] OfMachines = ["create", "delete", "patch"];

    private readonly ConcurrentDictionary<(string Namespace, ResourceType Resource), Entry> _entries = new();
    private readonly ConcurrentDictionary<ResourceType, bool> _everywhere = new();
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private readonly ApiClient _api;
    private readonly Action<ObjectKey> _wake;
    private readonly ILogger _logger;
    private readonly CancellationToken _stop;

    /// <summary>Asks nothing yet.</summary>
    /// <param name="api">The management cluster.</param>
    /// <param name="wake">Called with the key of each machine for which the answer is another one now.</param>
    /// <param name="loggers">Where it is said that nobody answers.</param>
    /// <param name="stop">Ends all questions.</param>
    public Permissions(ApiClient api, Action<ObjectKey> wake, ILoggerFactory loggers, CancellationToken stop)
    {
        _api = api;
        _wake = wake;
        _logger = loggers.CreateLogger<Permissions>();
        _stop = stop;
    }

    /// <summary>Whether the controller may make objects of a resource in a namespace, and take them away again.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="resource">A provider's resource, or Cluster API's Machine.</param>
    /// <param name="asker">Who is called back when the answer changes.</param>
    public Permission Find(string ns, ResourceType resource, ObjectKey asker) =>
        _everywhere.ContainsKey(resource)
            ? new Permission(Missing: null)
            : _entries.GetOrAdd((ns, resource), static _ => new Entry()).Find(this, ns, resource, asker);

    /// <summary>The API server has refused something: what is remembered may be wrong.</summary>
    public void Forget(string ns, ResourceType resource)
    {
        _everywhere.TryRemove(resource, out _);
        _entries.TryRemove((ns, resource), out _);
    }

    private TimeProvider Time => _api.NetworkTime;

    /// <inheritdoc/>
    public void Dispose() => _oneAtATime.Dispose();

    private async Task<(Permission Answer, bool IsCertain)> AskAsync(string ns, ResourceType resource)
    {
        // One after the other: usually the first answer holds for all namespaces, and settles those that wait.
        await _oneAtATime.WaitAsync(_stop);
        try
        {
            if (_everywhere.ContainsKey(resource))
            {
                return (new Permission(Missing: null), true);
            }

            var missing = await MissingAsync(resource, resource.Group == MachineApi.Group ? OfMachines : OfProviderObjects, ns: null);
            if (missing.Count == 0)
            {
                _everywhere[resource] = true;
                return (new Permission(Missing: null), true);
            }

            missing = await MissingAsync(resource, missing, ns);
            return (new Permission(missing.Count == 0 ? null : Text(missing, resource, ns)), true);
        }
        catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
        {
            // Not to know is no reason to leave a machine out: the API server itself has the last word.
            LogUnanswered(resource.QualifiedName, exception.Message);
            return (new Permission(Missing: null), false);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private async Task<IReadOnlyList<string>> MissingAsync(ResourceType resource, IReadOnlyList<string> verbs, string? ns)
    {
        var allowed = await Task.WhenAll(verbs.Select(verb => AccessReview.IsAllowedAsync(_api, verb, resource, ns, _stop)));
        return [.. verbs.Where((_, i) => !allowed[i])];
    }

    private static string Text(IReadOnlyList<string> verbs, ResourceType resource, string ns) =>
        $"5-Spot may not {string.Join(" or ", verbs)} {resource.QualifiedName} in namespace {ns}. Give its ServiceAccount that right; until then nothing of the machine is made.";

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether 5-Spot may make and delete {Resource} can't be told beforehand: {Reason}")]
    private partial void LogUnanswered(string resource, string reason);

    private sealed class Entry
    {
        private readonly Lock _lock = new();
        private readonly HashSet<ObjectKey> _waiting = [];
        private Permission? _known;
        private bool _isCertain;
        private bool _asking;
        private long _answered;
        private TimeSpan _askAgainAfter = FirstAskAgain;

        public Permission Find(Permissions permissions, string ns, ResourceType resource, ObjectKey asker)
        {
            lock (_lock)
            {
                if (_known is { Missing: null } && _isCertain)
                {
                    return _known;
                }

                _waiting.Add(asker);
                if (!_asking && (_known is null || permissions.Time.GetElapsedTime(_answered) >= _askAgainAfter))
                {
                    _asking = true;
                    _ = Task.Run(() => AskAsync(permissions, ns, resource));
                }

                return _known ?? new Permission(Missing: null) { IsPending = true };
            }
        }

        private async Task AskAsync(Permissions permissions, string ns, ResourceType resource)
        {
            try
            {
                var (answer, isCertain) = await permissions.AskAsync(ns, resource);
                ObjectKey[] waiting;
                lock (_lock)
                {
                    _asking = false;
                    _isCertain = isCertain;
                    _answered = permissions.Time.GetTimestamp();
                    if (answer == _known)
                    {
                        _askAgainAfter = _askAgainAfter * 2 < LongestAskAgain ? _askAgainAfter * 2 : LongestAskAgain;
                        return;
                    }

                    _askAgainAfter = FirstAskAgain;

                    _known = answer;
                    waiting = [.. _waiting];
                    _waiting.Clear();
                }

                foreach (var key in waiting)
                {
                    permissions._wake(key);
                }
            }
            catch (OperationCanceledException)
            {
                // The controller stops.
            }
        }
    }
}
