// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Cel;

/// <summary>Unwinds an evaluation that has spent its budget.</summary>
internal sealed class CelBudgetException : Exception;
