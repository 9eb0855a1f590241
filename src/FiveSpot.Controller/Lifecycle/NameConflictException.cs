// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Controller.Lifecycle;

/// <summary>An object of the name that is needed exists, and is not ours: it is left alone.</summary>
/// <param name="message">Which, and what a person can do about it.</param>
public sealed class NameConflictException(string message) : Exception(message);
