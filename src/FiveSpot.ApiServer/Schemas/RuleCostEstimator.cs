// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using FiveSpot.ApiServer.Cel;

namespace FiveSpot.ApiServer.Schemas;

/// <summary>Estimates what the rules of a schema can cost, as kube-apiserver does when a CustomResourceDefinition is
/// written.</summary>
internal static class RuleCostEstimator
{
    private const string Advice =
        " (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)";

    public static RuleCosts Estimate(SchemaNode root)
    {
        var rules = new Dictionary<string, double>();
        Visit(root, 1, rules);
        return new RuleCosts(rules, rules.Values.Sum());
    }

    public static void Check(SchemaNode root, string path, List<FieldError> errors)
    {
        var costs = Estimate(root);
        foreach (var (rule, cost) in costs.Rules)
        {
            if (cost > RuleCosts.RuleLimit)
            {
                errors.Add(FieldError.Forbidden(rule, rule.EndsWith("messageExpression", StringComparison.Ordinal)
                    ? $"estimated messageExpression cost exceeds budget by factor of {Factor(cost, RuleCosts.RuleLimit)}{Advice}"
                    : $"estimated rule cost exceeds budget by factor of {Factor(cost, RuleCosts.RuleLimit)}{Advice}"));
            }
        }

        if (costs.Total <= RuleCosts.TotalLimit)
        {
            return;
        }

        foreach (var (rule, cost) in costs.Rules.Where(r => r.Value >= RuleCosts.TotalLimit / 100).OrderByDescending(r => r.Value).Take(4))
        {
            errors.Add(FieldError.Forbidden(rule, "contributed to estimated rule & messageExpression cost total exceeding cost limit for entire OpenAPIv3 schema"));
        }

        errors.Add(FieldError.Forbidden(path, "x-kubernetes-validations estimated rule & messageExpression cost total for entire " +
            $"OpenAPIv3 schema exceeds budget by factor of {Factor(costs.Total, RuleCosts.TotalLimit)}{Advice}"));
    }

    private static string Factor(double cost, double limit) => cost / limit > 100
        ? "more than 100x"
        : (cost / limit).ToString("0.0", CultureInfo.InvariantCulture) + "x";

    /// <summary>Adds the costs of a schema and of all below it.</summary>
    /// <param name="node">The schema.</param>
    /// <param name="cardinality">How often it can occur in one object.</param>
    /// <param name="rules">Where the costs go.</param>
    private static void Visit(SchemaNode node, double cardinality, Dictionary<string, double> rules)
    {
        // An unlimited list can't hold more items than fit into a request, with a comma each.
        var times = double.IsFinite(cardinality) ? cardinality : CelTypes.MaxRequestBytes / (CelTypes.MinBytes(node) + 1);
        for (var i = 0; i < node.Rules.Count; i++)
        {
            var rule = node.Rules[i];
            var place = $"{node.Path}.x-kubernetes-validations[{i}]";
            if (rule.Program is { } program)
            {
                rules[$"{place}.rule"] = CelCostEstimate.Most(program) * times;
            }

            if (rule.MessageProgram is { } message)
            {
                rules[$"{place}.messageExpression"] = CelCostEstimate.Most(message) * times;
            }
        }

        foreach (var property in node.Properties.Values)
        {
            Visit(property, cardinality, rules);
        }

        if (node.Items is { } items)
        {
            Visit(items, node.MaxItems is { } most ? cardinality * most : double.PositiveInfinity, rules);
        }

        if (node.AdditionalProperties is { } additional)
        {
            Visit(additional, node.MaxProperties is { } most ? cardinality * most : double.PositiveInfinity, rules);
        }
    }
}
