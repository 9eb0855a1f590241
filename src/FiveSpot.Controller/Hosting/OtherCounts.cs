// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using FiveSpot.Api;
using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.Hosting;

/// <summary>
/// Keeps instances that divide the machines by different numbers apart, as they run side by side while the number is being
/// changed: who holds its Lease begins only once nobody holds one that was acquired with another number. Of two that acquire
/// at the same time at least one sees the other's, since each looks after it has acquired its own.
/// </summary>
public sealed class OtherCounts
{
    private readonly ApiClient _api;
    private readonly ObjectKey _lease;
    private readonly InstanceShare _share;
    private readonly Dictionary<string, (Lease Lease, long SeenAt)> _seen = new(StringComparer.Ordinal);

    /// <summary>Has looked at nothing yet.</summary>
    /// <param name="api">The cluster of the Leases.</param>
    /// <param name="lease">Their namespace and common name.</param>
    /// <param name="share">This instance's share.</param>
    public OtherCounts(ApiClient api, ObjectKey lease, InstanceShare share) => (_api, _lease, _share) = (api, lease, share);

    /// <summary>What this instance's Lease says of itself.</summary>
    public static IReadOnlyDictionary<string, string> Annotations(InstanceShare share) => new Dictionary<string, string>
    {
        [WellKnown.InstanceCountAnnotation] = share.Count.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Looks at the Leases.</summary>
    /// <returns>Null if none is held with another number; else a sentence that names one.</returns>
    public async Task<string?> LookAsync(CancellationToken cancellationToken)
    {
        // From the store itself: a cache could be from before another's acquisition.
        var leases = await _api.ListAsync(Lease.Resource, new ListOptions { Namespace = _lease.Namespace, PageSize = 0 }, Lease.Read, cancellationToken);
        foreach (var lease in leases.Items)
        {
            if (IsOurs(lease.Key.Name) && CountOf(lease) is var count && count != _share.Count && IsHeld(lease))
            {
                return $"Lease {lease.Key} is held by {lease.Holder}, which divides the machines by {count}, and this instance by {_share.Count}. Nothing is written until it is given up.";
            }
        }

        return null;
    }

    private bool IsOurs(string name) =>
        name == _lease.Name
        || (name.StartsWith($"{_lease.Name}-", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(_lease.Name.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _));

    // One without it was acquired by a program that knows of one instance alone.
    private static int CountOf(Lease lease) =>
        lease.Metadata.Annotations.TryGetValue(WellKnown.InstanceCountAnnotation, out var text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 1;

    private bool IsHeld(Lease lease)
    {
        if (lease.Holder.Length == 0)
        {
            return false;
        }

        // Its holder may be gone without having given it up. As ever, its times are by another's clock.
        if (!_seen.TryGetValue(lease.Key.Name, out var seen) || seen.Lease.RenewTime != lease.RenewTime || seen.Lease.Holder != lease.Holder)
        {
            _seen[lease.Key.Name] = seen = (lease, _api.NetworkTime.GetTimestamp());
        }

        return _api.NetworkTime.GetElapsedTime(seen.SeenAt) < (lease.Duration ?? TimeSpan.Zero);
    }
}
