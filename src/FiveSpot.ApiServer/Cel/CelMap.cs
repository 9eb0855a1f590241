// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Cel;

/// <summary>A CEL map; also the seam for lazily computed ones (the <c>variables</c> of a policy).</summary>
public abstract class CelMap
{
    /// <summary>The number of entries.</summary>
    public abstract int Count { get; }

    /// <summary>The keys, in the order in which macros visit them.</summary>
    public abstract IEnumerable<CelValue> Keys { get; }

    /// <summary>Finds a value; null if there is none at <paramref name="key"/>.</summary>
    public abstract CelValue? Find(CelValue key);

    /// <summary>Whether there is a value at <paramref name="key"/>, without computing it.</summary>
    public virtual bool Contains(CelValue key) => Find(key) is not null;

    /// <summary>A map of these entries.</summary>
    public static CelMap Of(IReadOnlyDictionary<string, CelValue> entries) =>
        new Entries([.. entries.Select(e => (CelValue.Of(e.Key), e.Value))]);

    /// <summary>A map whose values are computed when they are first asked for.</summary>
    public static CelMap Lazy(IReadOnlyDictionary<string, Func<CelValue>> entries) => new LazyEntries(entries);

    internal sealed class Entries : CelMap
    {
        private readonly List<CelValue> _order = [];
        private readonly Dictionary<CelValue, CelValue> _values = new(CelValue.Equality);

        public Entries(IReadOnlyList<(CelValue Key, CelValue Value)> entries)
        {
            foreach (var (key, value) in entries)
            {
                if (!_values.TryAdd(key, value))
                {
                    Duplicate = key;
                }
                else
                {
                    _order.Add(key);
                }
            }
        }

        public CelValue? Duplicate { get; }

        public override int Count => _order.Count;

        public override IEnumerable<CelValue> Keys => _order;

        public override CelValue? Find(CelValue key) => _values.GetValueOrDefault(key);
    }

    internal sealed class Json(JsonObject json, CelType type) : CelMap
    {
        private Dictionary<string, CelValue>? _read;

        public override int Count => json.Count;

        public override IEnumerable<CelValue> Keys => json.Select(p => CelValue.Of(p.Key));

        public override CelValue? Find(CelValue key)
        {
            if (key.Kind != CelKind.String || Locate(key.Text) is not { } place ||
                !json.TryGetPropertyValue(place.JsonName, out var node))
            {
                return null;
            }

            _read ??= [];
            if (!_read.TryGetValue(place.JsonName, out var value))
            {
                value = CelValue.FromJson(node, place.Type);
                _read.Add(place.JsonName, value);
            }

            return value;
        }

        public override bool Contains(CelValue key) =>
            key.Kind == CelKind.String && Locate(key.Text) is { } place && json.ContainsKey(place.JsonName);

        private CelField? Locate(string name) => type.Kind switch
        {
            CelKind.Object => type.Fields.GetValueOrDefault(name),
            CelKind.Map => new CelField(name, type.Element!),
            _ => new CelField(name, CelType.Dyn),
        };
    }

    private sealed class LazyEntries(IReadOnlyDictionary<string, Func<CelValue>> entries) : CelMap
    {
        private readonly Dictionary<string, CelValue> _done = [];

        public override int Count => entries.Count;

        public override IEnumerable<CelValue> Keys => entries.Keys.Select(CelValue.Of);

        public override CelValue? Find(CelValue key)
        {
            if (key.Kind != CelKind.String || !entries.TryGetValue(key.Text, out var compute))
            {
                return null;
            }

            if (!_done.TryGetValue(key.Text, out var value))
            {
                value = compute();
                _done.Add(key.Text, value);
            }

            return value;
        }

        public override bool Contains(CelValue key) => key.Kind == CelKind.String && entries.ContainsKey(key.Text);
    }
}
