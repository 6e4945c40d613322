namespace EventGrains.LoadTest.Product;

/// <summary>The product did not come to an end in time; the message says what was waited for.</summary>
internal sealed class ProductException(string message) : Exception(message);
