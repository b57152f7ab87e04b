using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.Build.Framework;

/// <summary>Takes out of a project's XML documentation what its PublicAPI files do not name.</summary>
public sealed class KeepPublicDocumentation : Microsoft.Build.Utilities.Task
{
    [Required]
    public string Documentation { get; set; }

    [Required]
    public ITaskItem[] PublicApi { get; set; }

    public override bool Execute()
    {
        var names = new HashSet<string>(PublicApi.SelectMany(file => File.ReadAllLines(file.ItemSpec)).Select(NameOfApi));
        var document = XDocument.Load(Documentation, LoadOptions.PreserveWhitespace);
        var members = document.Root.Element("members").Elements("member");
        var others = members.Where(member => !names.Contains(NameOfMember(member.Attribute("name").Value))).ToList();
        foreach (var member in others)
        {
            (member.PreviousNode as XText)?.Remove();
            member.Remove();
        }

        // It runs at each build; one that compiles nothing leaves the file, and what is copied from it, alone.
        if (others.Count > 0)
        {
            document.Save(Documentation);
        }

        return true;
    }

    // static Ns.Type.Method<T>(int! number) -> void; Ns.Type.Property.get -> int
    private static string NameOfApi(string line)
    {
        var name = Regex.Replace(Regex.Replace(line, @"^(~|static |const |override |virtual |abstract |readonly )*", ""), @"( -> | = |\().*", "");
        return Regex.Replace(Regex.Replace(name, "<[^>]*>", ""), @"\.(get|set|init|add|remove)$", "");
    }

    // M:Ns.Type`1.Method``1(System.Int32)
    private static string NameOfMember(string id)
    {
        var name = Regex.Replace(Regex.Replace(id.Substring(2), @"\(.*", ""), @"`+\d+", "");
        return Regex.Replace(name, @"(\w+)\.#ctor$", "$1.$1");
    }
}
