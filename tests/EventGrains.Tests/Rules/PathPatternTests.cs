using EventGrains.Rules;

namespace EventGrains.Tests.Rules;

public sealed class PathPatternTests
{
    [Theory]
    [InlineData("/a/b", "/a/b", true)]
    [InlineData("/a/b", "/a/bc", false)]
    [InlineData("/a/b", "/a", false)]
    [InlineData("/a/*", "/a/b", true)]
    [InlineData("/a/*", "/a/b/c", false)]
    [InlineData("/a/*", "/a", false)]
    [InlineData("/a/?.h5", "/a/x.h5", true)]
    [InlineData("/a/?.h5", "/a/xy.h5", false)]
    [InlineData("/a/?.h5", "/a/\U0001F600.h5", true)]
    [InlineData("/a/**", "/a/b", true)]
    [InlineData("/a/**", "/a/b/c/d", true)]
    [InlineData("/a/**", "/a", false)]
    [InlineData("/a/**", "/ab", false)]
    [InlineData("/**", "/a/b", true)]
    [InlineData("**", "/a/b", true)]
    [InlineData("**/x", "/x", true)]
    [InlineData("**/x", "/a/b/x", true)]
    [InlineData("**/x", "/a/ax", false)]
    [InlineData("/a/**/x", "/a/x", true)]
    [InlineData("/a/**/x", "/a/b/c/x", true)]
    [InlineData("/a/**/x", "/a/b/x/y", false)]
    [InlineData("/a/**/**/x", "/a/x", true)]
    [InlineData("/a/**/b/**/c", "/a/b/x/b/c", true)]
    [InlineData("**/b*/**/c*", "/b", false)]
    [InlineData("/{run}/**", "/r/f", true)]
    [InlineData("/a/{run}", "/a/", false)]
    [InlineData("/a/*", "/a/", true)]
    [InlineData("/a*b*c", "/aXbYbZc", true)]
    [InlineData("/a*b*c", "/aXbYbZ", false)]
    [InlineData(@"/a\*\{\}\\", @"/a*{}\", true)]
    [InlineData(@"/a\*", "/ab", false)]
    [InlineData("/a[b]", "/a[b]", true)]
    [InlineData("/A", "/a", false)]
    [InlineData("/a/**", "a/b", false)]
    [InlineData("**", "", false)]
    public void A_pattern_matches_what_its_signs_say(string pattern, string path, bool matches) =>
        Assert.Equal(matches, new PathPattern(pattern).IsMatch(path));

    [Theory]
    [InlineData("run-*", "run-42", true)]
    [InlineData("run-*", "runs", false)]
    [InlineData("*", "run-42", true)]
    [InlineData("**", "a/b", true)]
    [InlineData("**/x", "x", true)]
    public void Names_are_matched_without_a_leading_slash(string pattern, string name, bool matches) =>
        Assert.Equal(matches, PathPattern.ForNames(pattern).IsMatch(name));

    [Theory]
    [InlineData("/runs/{run}/**", "run-{run}", "/runs/42/a/b.h5", "run-42")]
    [InlineData("/runs/{run}-{n}.h5", "{run}/{n}", "/runs/a-b-c.h5", "a/b-c")]
    [InlineData("**/{run}/{file}.h5", "{file}@{run}", "/x/y/r1/f.h5", "f@r1")]
    [InlineData("/runs/{run}/**", "{{{run}}}", "/runs/42/a", "{42}")]
    [InlineData("/runs/{run}/**", "all", "/runs/42/a", "all")]
    [InlineData("/runs/{run}/**", "run-{run}", "/other/42/a", null)]
    [InlineData("/{run}", "{run}", "/{run}", "{run}")]
    public void A_template_is_filled_from_what_was_captured(string pattern, string template, string path, string? filled) =>
        Assert.Equal(filled, new PathPattern(pattern).Fill(template, path));

    [Theory]
    [InlineData("/runs/{run}/**", "/runs/")]
    [InlineData("/runs/2024-*/x", "/runs/")]
    [InlineData("/a/b", "/a/")]
    [InlineData("/a/**/b", "/a/")]
    [InlineData("**/x", "/")]
    [InlineData("/*", "/")]
    public void Every_match_lies_below_the_literal_prefix(string pattern, string prefix) =>
        Assert.Equal(prefix, new PathPattern(pattern).LiteralPrefix);

    [Theory]
    [InlineData("", "the pattern is empty; write a path such as /runs/**")]
    [InlineData("runs/*", "pattern 'runs/*' is relative at character 1; begin it with / or **, as in '/runs/*'")]
    [InlineData("/runs/{run", "pattern '/runs/{run' has a '{' without its '}' at character 7; write {name}, or \\{ for the character itself")]
    [InlineData("/runs/{a/b}", "pattern '/runs/{a/b}' has a '{' without its '}' at character 7; write {name}, or \\{ for the character itself")]
    [InlineData("/runs}", "pattern '/runs}' has a '}' without a '{' at character 6; write \\} for the character itself")]
    [InlineData("/{}", "pattern '/{}' has the capture '' at character 2; name it with a letter, then letters, digits, '_' or '-', as in {run}")]
    [InlineData("/{a,b}", "pattern '/{a,b}' has the capture 'a,b' at character 2; name it with a letter, then letters, digits, '_' or '-', as in {run}")]
    [InlineData("/{a}/{a}", "pattern '/{a}/{a}' captures 'a' twice at character 6; give each capture its own name")]
    [InlineData("/a/**.h5", "pattern '/a/**.h5' has a '**' beside other characters at character 4; '**' stands for whole parts: write '**/*.h5', not '**.h5'")]
    [InlineData("/a\\", "pattern '/a\\' has a '\\' before nothing at character 3; write \\\\ for the character itself")]
    public void A_malformed_pattern_is_refused_with_the_character_and_what_to_write(string pattern, string message) =>
        Assert.Equal(message, Assert.Throws<RuleFormatException>(() => new PathPattern(pattern)).Message);

    [Fact]
    public void A_pattern_has_bounds_on_its_length_and_captures()
    {
        Assert.Throws<RuleFormatException>(() => new PathPattern("/" + new string('a', PathPattern.LengthMax)));
        Assert.Throws<RuleFormatException>(() => new PathPattern(string.Concat(Enumerable.Range(0, PathPattern.CapturesMax + 1).Select(i => $"/{{c{i}}}"))));
    }

    [Fact]
    public void A_template_that_names_no_capture_is_refused_with_what_was_meant() =>
        Assert.Equal(
            "'{rum}' is no capture of the pattern '/runs/{run}/**'; did you mean 'run'?",
            Assert.Throws<RuleFormatException>(() => new PathPattern("/runs/{run}/**").Fill("run-{rum}", "/x")).Message);

    [Fact]
    public void Matching_allocates_nothing_and_neither_does_filling_what_does_not_match()
    {
        PathPattern[] patterns = [new("/runs/{run}/**"), new("**/*.h5"), new("/a/*/b?c/**/x"), new("/data/**")];
        string[] paths = ["/runs/1/f.h5", "/data/x", "/a/q/bXc/r/s/x", "/other"];
        var template = new CaptureTemplate("run-{run}", patterns[0]);
        int Round() => patterns.Sum(p => paths.Count(p.IsMatch)) + (template.Fill("/other/1") is null ? 1 : 0);
        var expected = Round();

        // Calls without LINQ, whose enumerators allocate.
        var before = GC.GetAllocatedBytesForCurrentThread();
        var matches = 0;
        for (var round = 0; round < 100; round++)
        {
            foreach (var pattern in patterns)
            {
                foreach (var path in paths)
                {
                    matches += pattern.IsMatch(path) ? 1 : 0;
                }
            }

            matches += template.Fill("/other/1") is null ? 1 : 0;
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(100 * expected, matches);
    }

    [Theory]
    [InlineData("/*a*a*a*a*a*a*a*a*a*a*a*c*b", 'a')]
    [InlineData("**/a/**/a/**/a/**/a/**/a/**/a/**/a/b", '/')]
    [InlineData("**/*a*/**/*a*/**/*a*/**/*a*/**/b?b", '/')]
    public void No_pattern_makes_matching_explode(string pattern, char separator)
    {
        // Each looks right up to its last part, so that a matcher which tries every place of every star would not end.
        var path = "/" + string.Concat(Enumerable.Repeat(separator == '/' ? "a/" : "a", 2000)) + "ab";

        Assert.False(new PathPattern(pattern).IsMatch(path));
    }
}
