// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Schemas;

/// <summary>A schema that kube-apiserver would refuse in a CustomResourceDefinition.</summary>
public sealed class SchemaException : Exception
{
    /// <summary>Makes the exception from the errors, of which there is at least one.</summary>
    public SchemaException(IReadOnlyList<FieldError> errors)
        : base(string.Join(", ", errors)) => Errors = errors;

    /// <summary>Makes the exception from one invalid value.</summary>
    public SchemaException(string field, string message)
        : this([FieldError.Forbidden(field, message)])
    {
    }

    /// <summary>What is wrong, sorted by the text.</summary>
    public IReadOnlyList<FieldError> Errors { get; }

    /// <summary>The field of the first error.</summary>
    public string Field => Errors[0].Field;
}
