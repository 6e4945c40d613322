namespace EventGrains.LoadTest.Generator;

/// <summary>One record to write: which of a life's records it is. Writing it twice gives the same bytes.</summary>
/// <param name="Happening">The index of what happened.</param>
/// <param name="ByDoor">Of the two records of one happening, the door's.</param>
internal readonly record struct Record(FileLife Life, int Happening, bool ByDoor);
