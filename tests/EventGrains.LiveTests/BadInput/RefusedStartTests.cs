using System.Net;
using System.Net.Sockets;
using System.Text;
using RocksDbSharp;

namespace EventGrains.LiveTests.BadInput;

/// <summary>A server that cannot start says why and what to do on stderr, nothing on stdout, and harms nothing.</summary>
public sealed class RefusedStartTests : IAsyncDisposable
{
    private readonly string _directory = Product.NewDirectory();

    [Fact]
    public async Task A_second_process_on_one_data_directory_is_exit_7_while_the_first_keeps_serving()
    {
        await using var first = await Product.Start(_directory, "dev", "--port", "0");
        Assert.True((await first.Post(Told.Source, Told.Stored("a"))).IsOk);

        await IsRefused(7, ["in use", "another data directory"], "dev", "--port", "0");
        await IsRefused(7, ["in use", "another data directory"], "server", "--data", "eventgrains-dev", "--rules", await Rules(), "--port", "0");

        Assert.True((await first.Post(Told.Source, Told.Stored("b"))).IsOk);
        await Told.AreKnownOnce(first, ["a", "b"]);
        Assert.Equal(0, await first.Stop());
    }

    [Fact]
    public async Task A_data_directory_of_a_newer_version_is_exit_7_and_left_as_it_is()
    {
        await using (var older = await Product.Start(_directory, "dev", "--port", "0"))
        {
            Assert.True((await older.Post(Told.Source, Told.Stored("a"))).IsOk);
            await older.Stop();
        }

        SetSchema("7");

        await IsRefused(7, ["schema 7", "up to 1", "newer"], "dev", "--port", "0");
        await IsRefused(7, ["schema 7", "up to 1", "newer"], "server", "--data", "eventgrains-dev", "--rules", await Rules(), "--port", "0");

        SetSchema("1");
        await using var again = await Product.Start(_directory, "dev", "--port", "0");
        await Told.AreKnownOnce(again, ["a"]);
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
        await using var first = await Product.Start(_directory, "dev", "--port", "0");

        await IsRefused(8, ["in use", "--port"], "dev", "--data", "other", "--port", $"{first.Url.Port}");

        Assert.True((await first.Post(Told.Source, Told.Stored("a"))).IsOk);
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
        if (hasStore)
        {
            await using var earlier = await Product.Start(_directory, "dev", "--port", "0", "--data", "data");
            await earlier.Stop();
        }

        var data = Directory.CreateDirectory(Path.Combine(_directory, "data")).FullName;
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

    private async Task IsRefused(int exit, string[] words, params string[] arguments)
    {
        var refused = await Product.RunIn(_directory, null, arguments);

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

    private sealed class Permissions(string directory) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await Tool.Run("chmod", "-R", "u+w", directory);
    }
}
