Console.WriteLine("No scenarios yet.");
