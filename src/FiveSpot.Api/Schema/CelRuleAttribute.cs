// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api.Schema;

/// <summary>A CEL rule (<c>x-kubernetes-validations</c>) on a field, which is <c>self</c> in the expression.</summary>
[AttributeUsage(AttributeTargets.Property, AllowMultiple = true)]
internal sealed class CelRuleAttribute(string expression, string message) : Attribute
{
    /// <summary>Value of <see cref="On"/>: the rule is on each item of the list, or each value of the map.</summary>
    public const string Each = "*";

    /// <summary>True for what is allowed. No function that Kubernetes 1.25 lacks.</summary>
    public string Expression => expression;

    /// <summary>One of <see cref="Rules.Sentences"/>.</summary>
    public string Message => message;

    /// <summary>
    /// <see cref="Each"/>, or the name of a field of the object, on which the rule is rather than on the field itself.
    /// </summary>
    public string? On { get; init; }
}
