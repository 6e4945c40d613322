namespace EventGrains.LiveTests;

/// <summary>One server for the tests of a class that need one which runs, and do not disturb one another: each speaks of files with names of its own.</summary>
public class SharedServer : IAsyncLifetime
{
    private Product? _product;

    public string Directory { get; } = Product.NewDirectory();

    internal Product Product => _product!;

    /// <summary>Rules beside those that <c>dev</c> has by itself; null for none.</summary>
    protected virtual string? Rules => null;

    /// <summary>What all tests find done.</summary>
    protected virtual Task Prepare() => Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        string[] arguments = ["dev", "--port", "0"];
        if (Rules is { } rules)
        {
            await File.WriteAllTextAsync(Path.Combine(Directory, "rules.yaml"), rules);
            arguments = [.. arguments, "--rules", "rules.yaml"];
        }

        _product = await Product.Start(Directory, arguments);
        await Prepare();
    }

    public async ValueTask DisposeAsync()
    {
        if (_product is not null)
        {
            await _product.DisposeAsync();
        }

        await BadInput.Tool.Remove(Directory);
        GC.SuppressFinalize(this);
    }
}
