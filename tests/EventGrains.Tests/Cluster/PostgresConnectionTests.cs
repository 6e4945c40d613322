using EventGrains.Silo.Cluster;

namespace EventGrains.Tests.Cluster;

public sealed class PostgresConnectionTests
{
    [Theory]
    [InlineData("")]
    [InlineData("Host=db;Username=eg;Password=geheim")]
    [InlineData("Host=db;pwd=geheim")]
    [InlineData("Host=db;SSL Password=geheim")]
    [InlineData("postgres://eg:geheim@db/eg")]
    [InlineData("geheim")]
    [InlineData("Host=db;Passwort=geheim")]
    public void A_password_is_never_shown(string connection)
    {
        Assert.DoesNotContain("geheim", PostgresConnection.Masked(connection), StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", Record.Exception(() => PostgresConnection.Parse(connection))?.Message ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_secret_is_shown() =>
        Assert.Equal("Host=db;Port=5433;Password=***", PostgresConnection.Masked("Host=db;Port=5433;Password=geheim"));

    [Theory]
    [InlineData("Database=eg", "names no Host")]
    [InlineData("postgres://eg@db/eg", "Write Host=")]
    [InlineData("Host=db;Nonsense=1", "Write Host=")]
    public void What_cannot_be_meant_is_refused_with_the_form(string connection, string words) =>
        Assert.Contains(words, Assert.Throws<FormatException>(() => PostgresConnection.Parse(connection)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Our_tables_are_in_a_schema_of_their_own()
    {
        await using var database = PostgresConnection.Open("Host=db;Password=geheim");

        Assert.Contains("Search Path=eventgrains", database.ConnectionString, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", database.ConnectionString, StringComparison.Ordinal);
    }
}
