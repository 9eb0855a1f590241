// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ReclaimAgent.Hosting;

namespace FiveSpot.ReclaimAgent;

internal static class Program
{
    private static Task<int> Main(string[] args) => CommandLine.InvokeAsync(args, Environment.GetEnvironmentVariable);
}
