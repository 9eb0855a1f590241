// SPDX-License-Identifier: Apache-2.0

using System.Collections;
using System.Globalization;
using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.Lifecycle;

/// <summary>What every line that is logged in one pass has: the machine, and an id that no other pass has.</summary>
/// <param name="machine">The machine.</param>
/// <param name="id">Any number.</param>
internal sealed class ReconcileScope(ObjectKey machine, long id) : IReadOnlyList<KeyValuePair<string, object?>>
{
    /// <summary>The id as it is logged: 16 hexadecimal digits.</summary>
    public string Id => id.ToString("x16", CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public int Count => 2;

    /// <inheritdoc/>
    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => new("machine", machine),
        1 => new("reconcile_id", Id),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        yield return this[0];
        yield return this[1];
    }

    /// <inheritdoc/>
    public override string ToString() => $"{machine} {Id}";

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
