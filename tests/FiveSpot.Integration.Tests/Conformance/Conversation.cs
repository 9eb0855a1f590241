// SPDX-License-Identifier: Apache-2.0

using System.Collections;

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>
/// Requests that are sent one after the other to an embedded and to a real API server, each in a fresh namespace of the
/// conversation's name.
/// </summary>
internal sealed class Conversation(string name) : IEnumerable<Step>
{
    private readonly List<Step> _steps = [];
    private readonly List<Allowance> _allowances = [];
    private readonly List<OlderName> _olderNames = [];

    public string Name => name;

    public IReadOnlyList<Step> Steps => _steps;

    /// <summary>Differences that any step may show, and one must.</summary>
    public IReadOnlyList<Allowance> Allowances => _allowances;

    /// <summary>What a real server of an older version calls by another name.</summary>
    public IReadOnlyList<OlderName> OlderNames => _olderNames;

    public void Add(Step step)
    {
        if (_steps.Exists(other => other.Name == step.Name))
        {
            throw new ArgumentException($"The conversation {name} has two steps '{step.Name}'.", nameof(step));
        }

        _steps.Add(step);
    }

    public void Add(IEnumerable<Step> steps)
    {
        foreach (var step in steps)
        {
            Add(step);
        }
    }

    public Conversation Differs(string id, params string[] paths) => With(new Allowance(id, paths, AllowanceScope.All));

    public Conversation DiffersFromOlder(string id, params string[] paths) => With(new Allowance(id, paths, AllowanceScope.Older));

    public Conversation DiffersFromNewest(string id, params string[] paths) => With(new Allowance(id, paths, AllowanceScope.Newest));

    /// <summary>Before a minor version, the real server is asked for the older name, and its answers are read with the newer.</summary>
    public Conversation NamedBefore(int minor, string id, string name, string olderName)
    {
        _olderNames.Add(new OlderName(id, minor, name, olderName));
        return this;
    }

    public IEnumerator<Step> GetEnumerator() => _steps.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private Conversation With(Allowance allowance)
    {
        _allowances.Add(allowance);
        return this;
    }

    internal sealed record OlderName(string Id, int Before, string Name, string Older);
}
