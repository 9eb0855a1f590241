// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;

namespace FiveSpot.Docs.Tests.Reference;

/// <summary>The executables of 5-Spot, as they are where no environment variable is set.</summary>
internal static class Commands
{
    public static RootCommand Controller { get; } = FiveSpot.Controller.Hosting.CommandLine.Create(static _ => null, []);

    public static RootCommand ReclaimAgent { get; } = FiveSpot.ReclaimAgent.Hosting.CommandLine.Create(static _ => null);

    public static RootCommand Sandbox { get; } = FiveSpot.Sandbox.Hosting.CommandLine.Create();
}
