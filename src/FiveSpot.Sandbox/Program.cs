// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Sandbox;

internal static class Program
{
    private static int Main() => 0;
}
