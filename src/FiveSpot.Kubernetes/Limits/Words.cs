// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace FiveSpot.Kubernetes;

/// <summary>Numbers of what is too large, as people read them.</summary>
internal static class Words
{
    public static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    public static string Mebibytes(long bytes) => (bytes / (double)(1 << 20)).ToString("0.#", CultureInfo.InvariantCulture);
}
