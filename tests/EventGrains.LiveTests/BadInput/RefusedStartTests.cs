using System.Net;
using System.Net.Sockets;
using System.Text;
using RocksDbSharp;

namespace EventGrains.LiveTests.BadInput;

/// <summary>A server that cannot start says why and what to do on stderr, nothing on stdout, and harms nothing.</summary>
public sealed class RefusedStartTests(RefusedStartTests.KeptServer kept) : IClassFixture<RefusedStartTests.KeptServer>, IAsyncDisposable
{
    private readonly string _directory = Product.NewDirectory();

    [Fact]
    public async Task A_second_process_on_one_data_directory_is_exit_7_while_the_first_keeps_serving()
    {
        var first = kept.Product;
        Assert.True((await first.Post(Told.Source, Told.Stored("second-a"))).IsOk);

        await IsRefusedIn(first.Directory, 7, ["in use", "another data directory"], "dev", "--port", "0");
        await IsRefused(7, ["in use", "another data directory"], "server", "--data", kept.Data, "--rules", await Rules(), "--port", "0");

        Assert.True((await first.Post(Told.Source, Told.Stored("second-b"))).IsOk);
        await Told.AreKnownOnce(first, ["second-a", "second-b"], among: "second-");
    }

    [Fact]
    public async Task A_data_directory_of_a_newer_version_is_exit_7_and_left_as_it_is()
    {
        await kept.CopyWhatItLeft(Path.Combine(_directory, "eventgrains-dev"));
        SetSchema("7");

        await IsRefused(7, ["schema 7", "up to 3", "newer"], "dev", "--port", "0");
        await IsRefused(7, ["schema 7", "up to 3", "newer"], "server", "--data", "eventgrains-dev", "--rules", await Rules(), "--port", "0");

        SetSchema("3");
        await using var again = await Product.Start(_directory, "dev", "--port", "0");
        await Told.AreKnownOnce(again, [KeptServer.Known]);
    }

    [Fact]
    public async Task A_port_in_use_is_exit_8_and_nothing_is_created()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = $"{((IPEndPoint)holder.LocalEndpoint).Port}";

        await IsRefused(8, [port, "--port"], "dev", "--port", port);
        await IsRefused(8, [port, "--port"], "server", "--data", "data", "--rules", await Rules(), "--port", port);

        Assert.False(Directory.Exists(Path.Combine(_directory, "data")));
        Assert.False(Directory.Exists(Path.Combine(_directory, "eventgrains-dev", "store")));
    }

    [Fact]
    public async Task A_port_that_another_server_holds_stays_its_own()
    {
        await IsRefused(8, ["in use", "--port"], "dev", "--data", "other", "--port", $"{kept.Product.Url.Port}");

        Assert.True((await kept.Product.Post(Told.Source, Told.Stored("port-a"))).IsOk);
    }

    [Theory]
    [InlineData("Rule\nmetadata: {name: r}\nspec: {wehn: {path: /**}, do: [noop: ]}", "rules.yaml:4:8: error: unknown key 'wehn' in spec; did you mean 'when'?")]
    [InlineData("Storage\nmetadata: {name: inner}\nspec: {root: DIRECTORY/inbox/inner}", "contains the root")]
    public async Task Rules_with_an_unknown_key_or_nested_storages_are_exit_1_with_their_place(string rules, string said)
    {
        var text = "apiVersion: eventgrains/v1\nkind: " + rules.Replace("DIRECTORY", _directory, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(_directory, "rules.yaml"), text);

        await IsRefused(1, [said, "rule lint"], "dev", "--port", "0", "--rules", "rules.yaml");

        Assert.False(Directory.Exists(Path.Combine(_directory, "eventgrains-dev", "store")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_data_directory_that_cannot_be_written_is_exit_7(bool hasStore)
    {
        var data = Path.Combine(_directory, "data");
        if (hasStore)
        {
            await kept.CopyWhatItLeft(data);
        }

        Directory.CreateDirectory(data);
        await using var protection = await Protect(data);

        await IsRefused(7, [data, "choose another data directory"], "dev", "--port", "0", "--data", "data");
        await IsRefused(7, [data, "choose another data directory"], "server", "--data", "data", "--rules", await Rules(), "--port", "0");
    }

    public async ValueTask DisposeAsync() => await Tool.Remove(_directory);

    /// <summary>The permissions of a directory bind everybody but root, for whom it is mounted for reading alone.</summary>
    private static async Task<IAsyncDisposable> Protect(string directory)
    {
        if (Environment.IsPrivilegedProcess)
        {
            return await Mounted.ReadOnly(directory);
        }

        await Tool.Run("chmod", "-R", "a-w", directory);
        return new Permissions(directory);
    }

    private Task IsRefused(int exit, string[] words, params string[] arguments) => IsRefusedIn(_directory, exit, words, arguments);

    private static async Task IsRefusedIn(string directory, int exit, string[] words, params string[] arguments)
    {
        var refused = await Product.RunIn(directory, null, arguments);

        Assert.True(exit == refused.Exit, $"{string.Join(' ', arguments)}: exit {refused.Exit}: {refused.Errors}");
        Assert.Empty(refused.Output);
        Assert.All(words, word => Assert.Contains(word, refused.Errors, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", refused.Errors, StringComparison.Ordinal);
    }

    private async Task<string> Rules()
    {
        var rules = Path.Combine(_directory, "rules.yaml");
        await File.WriteAllTextAsync(rules, "apiVersion: eventgrains/v1\nkind: Dataset\nmetadata: {name: all}\nspec: {path: /**}\n");
        return rules;
    }

    /// <summary>As a later program would leave it.</summary>
    private void SetSchema(string schema)
    {
        var store = Path.Combine(_directory, "eventgrains-dev", "store");
        var families = new ColumnFamilies();
        foreach (var name in RocksDb.ListColumnFamilies(new DbOptions(), store).Where(name => name != ColumnFamilies.DefaultName))
        {
            families.Add(name, new ColumnFamilyOptions());
        }

        using var database = RocksDb.Open(new DbOptions(), store, families);
        database.Put(Encoding.ASCII.GetBytes("schema"), Encoding.ASCII.GetBytes(schema));
    }

    /// <summary>A server that ran and ended, left a copy of its data directory, and runs again; it ends as it should whatever it met.</summary>
    public sealed class KeptServer : IAsyncLifetime
    {
        /// <summary>The one file that is known in what it left.</summary>
        public const string Known = "known";

        private readonly string _directory = Product.NewDirectory();
        private Product? _product;

        public string Data => Path.Combine(_directory, "eventgrains-dev");

        internal Product Product => _product!;

        private string Left => Path.Combine(_directory, "left");

        public async ValueTask InitializeAsync()
        {
            await using (var earlier = await Product.Start(_directory, "dev", "--port", "0"))
            {
                Assert.True((await earlier.Post(Told.Source, Told.Stored(Known))).IsOk);
                Assert.Equal(0, await earlier.Stop());
            }

            await Copy(Data, Left);
            _product = await Product.Start(_directory, "dev", "--port", "0");
        }

        public Task CopyWhatItLeft(string directory) => Copy(Left, directory);

        public async ValueTask DisposeAsync()
        {
            if (_product is not null)
            {
                var exit = await _product.Stop();
                await _product.DisposeAsync();
                Assert.Equal(0, exit);
            }

            await Tool.Remove(_directory);
        }

        private static async Task Copy(string from, string to)
        {
            var (exit, said) = await Tool.Run("cp", "-r", "--", from, to);
            Assert.True(exit == 0, said);
        }
    }

    private sealed class Permissions(string directory) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await Tool.Run("chmod", "-R", "u+w", directory);
    }
}
