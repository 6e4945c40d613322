using EventGrains.Contracts.Status;
using EventGrains.Silo.Store;

namespace EventGrains.Silo.Status;

/// <summary>The store's figures; while it cannot be read, the last ones that could, and why it cannot.</summary>
internal sealed class StoreLook(IStore store)
{
    private StoreFigures _last = new(new StoreView("", null, 0, 0, StoreSchema.Version), 0, 0, 0);

    public async Task<(StoreFigures Figures, string? Failure)> Read()
    {
        try
        {
            return (_last = await store.ReadFigures(), null);
        }
        catch (Exception away) when (away is not OperationCanceledException)
        {
            // Away, or a disk that went before the store noticed: whoever asks how it is must hear that, not an error.
            return (_last, away.Message);
        }
    }
}
