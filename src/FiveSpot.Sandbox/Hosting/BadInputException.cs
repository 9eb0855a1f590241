// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Sandbox.Hosting;

/// <summary>What the sandbox was started with is no good; the message says what to do about it.</summary>
public sealed class BadInputException(string message, Exception? innerException = null) : Exception(message, innerException);
