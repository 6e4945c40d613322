using EventGrains.LoadTest.Product;

namespace EventGrains.LoadTest.Verbs;

/// <summary>What all verbs share.</summary>
/// <param name="Json">Where the result goes as JSON; null for none.</param>
/// <param name="Work">Where data directories and generated records are kept while it runs; needs about 3 kB per event.</param>
internal sealed record RunOptions(int Seed, string? Json, string? Work, ProductFiles Product);
