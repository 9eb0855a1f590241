// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Sandbox.Hosting;

namespace FiveSpot.Sandbox;

internal static class Program
{
    private static Task<int> Main(string[] args) => CommandLine.InvokeAsync(args);
}
