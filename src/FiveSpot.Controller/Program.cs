// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.Hosting;

namespace FiveSpot.Controller;

internal static class Program
{
    private static Task<int> Main(string[] args) => CommandLine.InvokeAsync(args, Environment.GetEnvironmentVariable);
}
