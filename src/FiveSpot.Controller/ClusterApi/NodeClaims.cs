// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>
/// Which Machines say that they became, or will become, which Node: those that 5-Spot made, and all others of the management
/// cluster. Should two say so of one, it is the elder's: what the younger's ScheduledMachine wants of it must not disturb what
/// runs there for the other.
/// </summary>
public sealed class NodeClaims
{
    private const string NotListed = "they have not been listed yet.";

    private readonly Informer<CapiMachine> _machines;
    private readonly Informer<MachineClaim> _others;
    private readonly Action<ObjectKey> _wake;
    private readonly NodeClaimIndex<CapiMachine> _ours;
    private readonly NodeClaimIndex<MachineClaim> _theirs;
    private readonly Lock _lock = new();
    private string? _trouble = NotListed;

    /// <summary>Follows the Machines of both caches from now on.</summary>
    /// <param name="machines">Those with 5-Spot's label; not running yet.</param>
    /// <param name="others">Those without it; not running yet.</param>
    /// <param name="wake">Called with the key of each Machine of 5-Spot's whose Node is claimed anew, or no longer.</param>
    public NodeClaims(Informer<CapiMachine> machines, Informer<MachineClaim> others, Action<ObjectKey> wake)
    {
        _machines = machines;
        _others = others;
        _wake = wake;
        _ours = new NodeClaimIndex<CapiMachine>(machines, Wake);
        _theirs = new NodeClaimIndex<MachineClaim>(others, Wake);
        others.StateChanged += OnStateChanged;
        _ = others.WaitForSyncAsync(CancellationToken.None).ContinueWith(
            _ => OnStateChanged(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Why nobody knows which Nodes the Machines claim that 5-Spot did not make, for a person; null when it is known.
    /// </summary>
    public string? Trouble => Volatile.Read(ref _trouble);

    /// <summary>Ends when the claims of others are known, or the first attempt to learn them has failed.</summary>
    public async Task WaitForAnswerAsync(CancellationToken cancellationToken)
    {
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _others.StateChanged += Look;
        Look();
        await Task.WhenAny(_others.WaitForSyncAsync(cancellationToken), answered.Task);
        _others.StateChanged -= Look;

        void Look()
        {
            if (_others.LastError is not null)
            {
                answered.TrySetResult();
            }
        }
    }

    /// <summary>Another Machine that claims the Node of a Machine, and was there before it; null when there is none.</summary>
    /// <param name="machine">The Machine.</param>
    /// <param name="node">Its Node.</param>
    /// <param name="isGuess">Whether nothing but its providerID says that the Node is of the Machine's cluster.</param>
    public IMachineClaim? EarlierThan(CapiMachine machine, Node node, bool isGuess) =>
        (IMachineClaim?)EarlierThan(_ours, machine, node, isGuess) ?? EarlierThan(_theirs, machine, node, isGuess);

    private static T? EarlierThan<T>(NodeClaimIndex<T> index, CapiMachine machine, Node node, bool isGuess)
        where T : class, IMachineClaim =>
        (node.ProviderId is { } id ? EarlierThan(index, new NodeClaim(NodeClaimKind.ProviderId, id), machine, node, isGuess) : null)
        ?? EarlierThan(index, new NodeClaim(NodeClaimKind.Uid, node.Uid), machine, node, isGuess)
        ?? EarlierThan(index, new NodeClaim(NodeClaimKind.Name, node.Metadata.Name), machine, node, isGuess);

    private static T? EarlierThan<T>(NodeClaimIndex<T> index, NodeClaim claim, CapiMachine machine, Node node, bool isGuess)
        where T : class, IMachineClaim
    {
        if (index.Of(claim) is not var (first, others))
        {
            return null;
        }

        if (IsEarlier(first) is { } earlier)
        {
            return earlier;
        }

        foreach (var key in others)
        {
            if (IsEarlier(key) is { } another)
            {
                return another;
            }
        }

        return null;

        T? IsEarlier(ObjectKey key) =>
            key != machine.Key && index.Get(key) is { } other && IsSameNode(machine, other, node, isGuess) && IsElder(other, machine) ? other : null;
    }

    // A uid is one Node's in all clusters. A providerID may be an address, which machines of two networks may both have: there
    // it is the same Node where both name the same cluster, or Cluster API found one of this name for the other too. A name is
    // what every cluster may have.
    private static bool IsSameNode(CapiMachine one, IMachineClaim other, Node node, bool isGuess) =>
        isGuess
        || (other.ProviderId is null && other.NodeUid is not null)
        || (one.Key.Namespace == other.Key.Namespace && ((IMachineClaim)one).ClusterName == other.ClusterName)
        || (other.ProviderId is not null && other.NodeName == node.Metadata.Name);

    // Of one second the one that 5-Spot did not make comes first: it does not take turns.
    private static bool IsElder(IMachineClaim one, CapiMachine other) =>
        one.CreatedAt != other.CreatedAt ? one.CreatedAt < other.CreatedAt
        : one is not CapiMachine || string.CompareOrdinal(one.Key.ToString(), other.Key.ToString()) < 0;

    // While nobody answers what was known before holds, as it does of everything: the drain of a Node need not wait for that.
    private void OnStateChanged()
    {
        lock (_lock)
        {
            var now = _others switch
            {
                { LastError: ApiException { IsForbidden: true } refused } => refused.Message,
                { HasSynced: false, LastError: { } error } => error.Message,
                { HasSynced: false } => NotListed,
                _ => null,
            };
            if (_trouble == now)
            {
                return;
            }

            Volatile.Write(ref _trouble, now);
        }

        foreach (var machine in _machines.Enumerate())
        {
            _wake(machine.Key);
        }
    }

    private void Wake(NodeClaim claim, IMachineClaim by)
    {
        if (claim.Kind is NodeClaimKind.ProviderId)
        {
            if (_ours.Of(claim) is var (first, others))
            {
                foreach (var key in (ReadOnlySpan<ObjectKey>)[first, .. others])
                {
                    if (key != by.Key)
                    {
                        _wake(key);
                    }
                }
            }

            return;
        }

        // Rare: without a providerID Cluster API finds no Node. Which of ours may be that Node only their clusters know.
        foreach (var machine in _machines.Enumerate())
        {
            if (machine.Key != by.Key && machine.MayHaveNode && (machine.NodeName is null || machine.NodeName == by.NodeName))
            {
                _wake(machine.Key);
            }
        }
    }
}
