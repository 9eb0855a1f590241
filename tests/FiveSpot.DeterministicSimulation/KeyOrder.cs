// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;

namespace FiveSpot.DeterministicSimulation;

/// <summary>Hash codes that are the same in each process, and so the order of what is kept by them.</summary>
internal sealed class KeyOrder : IEqualityComparer<ObjectKey>
{
    public static readonly KeyOrder Instance = new();

    public bool Equals(ObjectKey x, ObjectKey y) => x == y;

    public int GetHashCode(ObjectKey obj) => new Seed((uint)new Seed(0).NumberOf(obj.Namespace)).NumberOf(obj.Name);
}
