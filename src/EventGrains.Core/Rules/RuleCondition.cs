using EventGrains.Files;

namespace EventGrains.Rules;

/// <summary>When a rule fires: all parts that are given must hold of the file's state.</summary>
/// <param name="Kind">What must hold of the file: <c>stored</c> means "is stored", not "became stored just now", so that a file located later still fires.</param>
/// <param name="Path">The file's path must match; a file that is not located matches none.</param>
/// <param name="Dataset">The file must belong to a dataset whose name matches.</param>
/// <param name="SizeMin">At least so many bytes; a file of unknown size does not match.</param>
/// <param name="SizeMax">At most so many bytes.</param>
/// <param name="Storage">The file must be one of this storage: paths are relative to a storage's root, so that two storages may have the same.</param>
public sealed record RuleCondition(TransitionKind? Kind, PathPattern? Path, PathPattern? Dataset, long? SizeMin, long? SizeMax, string? Storage = null);
