using EventGrains.Contracts.Status;

namespace EventGrains.Contracts;

/// <summary>What a caller needs to know to find a file's shard: fixed when the store was created.</summary>
/// <remarks>A silo knows it from its store; a gateway without a silo learns it from the first one that answers.</remarks>
public sealed class ClusterShape
{
    /// <summary>What to say as long as the shape is unknown.</summary>
    public const string NobodyAnswered = "no silo answers: none of this cluster runs, or none can be reached";

    private volatile int shards;

    public ClusterShape(int shards) => this.shards = shards;

    private ClusterShape()
    {
    }

    public static ClusterShape Unknown() => new();

    public bool IsKnown => shards > 0;

    /// <exception cref="ClusterAwayException">Nobody has said so yet.</exception>
    public int Shards => shards is > 0 and var known ? known : throw new ClusterAwayException(NobodyAnswered);

    public void Learn(int known) => shards = known;
}
