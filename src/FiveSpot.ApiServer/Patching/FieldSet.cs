// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Patching;

/// <summary>A set of field paths, kept as a tree. Grows by <see cref="Add(PathElement, bool, FieldSet?)"/> and
/// <see cref="Add(IReadOnlyList{PathElement})"/> while it is built; the set operations make new sets, which may share
/// branches with the old ones.</summary>
internal sealed class FieldSet
{
    // Is the path that ends here a member, and what is below it. Never neither.
    private readonly record struct Branch(bool Member, FieldSet? Below);

    private readonly Dictionary<PathElement, Branch> _branches = [];

    public static FieldSet Empty { get; } = new();

    public bool IsEmpty => _branches.Count == 0;

    public bool Contains(PathElement element) => _branches.TryGetValue(element, out var branch) && branch.Member;

    public bool Contains(IReadOnlyList<PathElement> path)
    {
        var set = this;
        for (var i = 0; i < path.Count - 1; i++)
        {
            if (set.Below(path[i]) is not { } below)
            {
                return false;
            }
            set = below;
        }
        return path.Count > 0 && set.Contains(path[^1]);
    }

    /// <summary>The paths below an element; null if there are none.</summary>
    public FieldSet? Below(PathElement element) => _branches.GetValueOrDefault(element).Below;

    /// <summary>While building: adds the element itself (<paramref name="member"/>) and a branch below it.</summary>
    public void Add(PathElement element, bool member, FieldSet? below)
    {
        if (below is { IsEmpty: true })
        {
            below = null;
        }
        if (member || below is not null)
        {
            _branches[element] = new Branch(member, below);
        }
    }

    /// <summary>While building, and only with branches that this set alone has: adds a path.</summary>
    public void Add(IReadOnlyList<PathElement> path)
    {
        var set = this;
        for (var i = 0; i < path.Count - 1; i++)
        {
            var branch = set._branches.GetValueOrDefault(path[i]);
            if (branch.Below is null)
            {
                branch = branch with { Below = new FieldSet() };
                set._branches[path[i]] = branch;
            }
            set = branch.Below!;
        }
        set._branches[path[^1]] = set._branches.GetValueOrDefault(path[^1]) with { Member = true };
    }

    public FieldSet Union(FieldSet other)
    {
        if (other.IsEmpty)
        {
            return this;
        }
        if (IsEmpty)
        {
            return other;
        }
        var result = new FieldSet();
        foreach (var (element, branch) in _branches)
        {
            var extra = other._branches.GetValueOrDefault(element);
            var below = branch.Below is null ? extra.Below
                : extra.Below is null ? branch.Below
                : branch.Below.Union(extra.Below);
            result.Add(element, branch.Member || extra.Member, below);
        }
        foreach (var (element, branch) in other._branches)
        {
            if (!_branches.ContainsKey(element))
            {
                result._branches[element] = branch;
            }
        }
        return result;
    }

    /// <summary>The paths of this set that are not in the other; a path in the other takes nothing below it along.</summary>
    public FieldSet Except(FieldSet other)
    {
        if (IsEmpty || other.IsEmpty)
        {
            return this;
        }
        var result = new FieldSet();
        foreach (var (element, branch) in _branches)
        {
            var less = other._branches.GetValueOrDefault(element);
            var below = branch.Below is null || less.Below is null ? branch.Below : branch.Below.Except(less.Below);
            result.Add(element, branch.Member && !less.Member, below);
        }
        return result;
    }

    public FieldSet Intersect(FieldSet other)
    {
        var result = new FieldSet();
        foreach (var (element, branch) in _branches)
        {
            if (other._branches.TryGetValue(element, out var common))
            {
                var below = branch.Below is null || common.Below is null ? null : branch.Below.Intersect(common.Below);
                result.Add(element, branch.Member && common.Member, below);
            }
        }
        return result;
    }

    /// <summary>This set, and with each path all declared fields that it goes through, which are members of no set by
    /// themselves.</summary>
    public FieldSet WithDeclaredFields(SchemaView? schema)
    {
        var result = new FieldSet();
        foreach (var (element, branch) in _branches)
        {
            var member = branch.Member;
            SchemaView? inner = null;
            if (element.FieldName is { } name)
            {
                inner = schema?.Map?.TypeOf(name, out var declared);
                member |= branch.Below is not null && schema?.Map?.Fields.ContainsKey(name) == true;
            }
            else if (element.IsKey)
            {
                inner = schema?.List?.Element;
            }
            result.Add(element, member, branch.Below?.WithDeclaredFields(inner));
        }
        return result;
    }

    /// <summary>All paths, in order.</summary>
    public IEnumerable<IReadOnlyList<PathElement>> Paths() => Paths([]);

    /// <summary>A path for people, such as <c>.spec.containers[name="x"].image</c>.</summary>
    public static string Display(IReadOnlyList<PathElement> path)
    {
        var text = new StringBuilder();
        foreach (var element in path)
        {
            text.Append(element);
        }
        return text.ToString();
    }

    /// <summary>The set as <c>fieldsV1</c>.</summary>
    public JsonObject ToFieldsV1()
    {
        var result = new JsonObject();
        foreach (var (element, branch) in _branches.OrderBy(static entry => entry.Key))
        {
            var below = branch.Below?.ToFieldsV1() ?? [];
            if (branch is { Member: true, Below: not null })
            {
                below.Insert(0, ".", new JsonObject());
            }
            result[element.Text] = below;
        }
        return result;
    }

    /// <summary>Reads <c>fieldsV1</c>.</summary>
    /// <exception cref="FormatException">It is malformed.</exception>
    public static FieldSet FromFieldsV1(JsonObject fields)
    {
        var result = new FieldSet();
        foreach (var (text, value) in fields)
        {
            if (text == "." || PathElement.Parse(text) is not { } element)
            {
                continue;
            }
            var content = value as JsonObject ?? throw new FormatException($"{text} is not an object");
            var below = content.Count == 0 ? Empty : FromFieldsV1(content);
            result.Add(element, below.IsEmpty || content.ContainsKey("."), below);
        }
        return result;
    }

    private IEnumerable<IReadOnlyList<PathElement>> Paths(PathElement[] prefix)
    {
        foreach (var (element, branch) in _branches.OrderBy(static entry => entry.Key))
        {
            PathElement[] path = [.. prefix, element];
            if (branch.Member)
            {
                yield return path;
            }
            foreach (var inner in branch.Below?.Paths(path) ?? [])
            {
                yield return inner;
            }
        }
    }
}
