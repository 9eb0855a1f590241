// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.Workload;

/// <summary>
/// What Cluster API's rules say about the Pods on the Node of one Machine: the label of a Pod first, then the first
/// MachineDrainRule, by name, that selects it. A rule of which that can't be told leaves the Pod to Cluster API, which knows.
/// </summary>
public sealed class DrainRules
{
    /// <summary>Label by which a Pod says what a drain is to do with it.</summary>
    public const string Label = "cluster.x-k8s.io/drain";

    private readonly ImmutableArray<(MachineDrainRule Rule, bool? SelectsMachine, string Why)> _rules;
    private readonly bool _isDecided;
    private readonly string? _unreadable;
    private readonly bool _isPending;

    private DrainRules(ImmutableArray<(MachineDrainRule Rule, bool? SelectsMachine, string Why)> rules, bool isDecided = false, string? unreadable = null, bool isPending = false)
    {
        _rules = rules;
        _isDecided = isDecided;
        _unreadable = unreadable;
        _isPending = isPending;
    }

    /// <summary>There are none.</summary>
    public static DrainRules None { get; } = new([]);

    /// <summary>Whether there are any is about to be known.</summary>
    public static DrainRules Pending { get; } = new([], isPending: true);

    /// <summary>There may be some.</summary>
    /// <param name="why">Why it is not known what they say, for a person.</param>
    public static DrainRules Unreadable(string why) => new([], unreadable: why);

    /// <summary>Those that apply to a Machine, or may.</summary>
    /// <param name="rules">All of its namespace, in the order of their names.</param>
    /// <param name="machine">The Machine.</param>
    /// <param name="clusterLabels">The labels of its Cluster; null when they are not known.</param>
    /// <param name="clusterApiDrains">Whether Cluster API would drain the Node; else a rule of which it can't be told is none.</param>
    public static DrainRules Of(
        ImmutableArray<MachineDrainRule> rules, CapiMachine machine, IReadOnlyDictionary<string, string>? clusterLabels, bool clusterApiDrains = true)
    {
        var applying = ImmutableArray.CreateBuilder<(MachineDrainRule, bool?, string)>();
        foreach (var rule in rules)
        {
            var selects = rule.SelectsMachine(machine.Metadata.Labels, clusterLabels);
            if (selects is not false)
            {
                applying.Add((rule, selects, $"only it can tell what MachineDrainRule {rule.Metadata.Name} means for them"));
            }
        }

        return applying.Count == 0 ? None : new DrainRules(applying.ToImmutable(), isDecided: !clusterApiDrains);
    }

    /// <summary>What a drain does with a Pod that it concerns.</summary>
    public PodDrain For(Pod pod)
    {
        if (pod.DrainLabel is { } labelled)
        {
            return new PodDrain(labelled);
        }

        if (_isPending || _unreadable is not null)
        {
            return new PodDrain(DrainBehavior.Undecided, Why: _unreadable);
        }

        foreach (var (rule, selectsMachine, why) in _rules)
        {
            switch (selectsMachine & rule.SelectsPod(pod.Metadata.Labels, pod.Metadata.Namespace))
            {
                case true when rule.Behavior is not DrainBehavior.Undecided:
                    return new PodDrain(rule.Behavior, rule.Behavior is DrainBehavior.Drain ? rule.Order : 0);
                case true or null when !_isDecided:
                    return new PodDrain(DrainBehavior.Undecided, Why: why);
                default:
                    break;
            }
        }

        return default;
    }

    /// <summary>What the value of <see cref="Label"/> says, in whatever case; null for nothing, as of a value that is unknown.</summary>
    public static DrainBehavior? ReadLabel(string? value)
    {
        if (value is null)
        {
            return null;
        }

        // As Cluster API reads it, one hyphen is passed over, wherever it is.
        return value.Equals("skip", StringComparison.OrdinalIgnoreCase) ? DrainBehavior.Skip
            : (value.IndexOf('-', StringComparison.Ordinal) is >= 0 and var hyphen ? value.Remove(hyphen, 1) : value).Equals("waitcompleted", StringComparison.OrdinalIgnoreCase) ? DrainBehavior.WaitCompleted
            : null;
    }
}
