using EventGrains.LoadTest.Product;
using EventGrains.Rules;

namespace EventGrains.Tests.LoadTest;

public sealed class RuleFileTests
{
    [Fact]
    public void The_rule_files_of_the_load_tests_are_read_without_a_complaint()
    {
        var yaml = RuleFile.ForEvents("/w/logs") + RuleFile.ForWatchedFiles("/w/inbox", "/w/mirror", "/w/marks");

        var (definitions, messages) = RuleFiles.Parse([("load.yaml", yaml)]);

        Assert.Empty(messages);
        Assert.Equal((11, 10), (definitions.Rules.Length, definitions.Datasets.Length));
    }
}
