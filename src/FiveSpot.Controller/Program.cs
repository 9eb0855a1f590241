// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Controller;

internal static class Program
{
    private static int Main() => 0;
}
