namespace EventGrains.LoadTest.Product;

/// <summary>The product did not do what it must: it did not start, ended by itself, refused a request, or did not come to an end in time.</summary>
internal sealed class ProductException(string message) : Exception(message);
