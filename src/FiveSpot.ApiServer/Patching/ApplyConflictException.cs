// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Patching;

/// <summary>A server-side apply that would change fields of other managers and was not forced: 409 <c>Conflict</c>.</summary>
public sealed class ApplyConflictException : PatchException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">The message that kube-apiserver gives, all conflicts in it.</param>
    /// <param name="causes">One cause a conflicting field and manager.</param>
    public ApplyConflictException(string message, IReadOnlyList<FieldManagerConflict> causes)
        : base(409, "Conflict", message) => Causes = causes;

    /// <summary>What goes to <c>status.details.causes</c>, in order of manager, then path.</summary>
    public IReadOnlyList<FieldManagerConflict> Causes { get; }
}
