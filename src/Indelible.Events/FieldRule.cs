using System.Text;

namespace Indelible.Events;

/// <summary>What the schema says of one member.</summary>
internal sealed class FieldRule
{
    private FieldRule(string name, FieldForm form)
    {
        Name = Encoding.ASCII.GetBytes(name);
        Form = form;
    }

    public byte[] Name { get; }

    public FieldForm Form { get; }

    /// <summary>The least length in characters, or the least integer.</summary>
    public long Least { get; private init; }

    /// <summary>The greatest length in characters, number of items, or integer.</summary>
    public long Most { get; private init; }

    public byte[][] Values { get; private init; } = [];

    public ObjectRule? Members { get; private init; }

    public FieldRule? Item { get; private init; }

    public bool IsRequired { get; private set; }

    /// <summary>Personal by default: no fault ever quotes its value.</summary>
    public bool IsPersonal { get; private set; }

    public static FieldRule Text(string name, int most) => new(name, FieldForm.Text) { Most = most };

    public static FieldRule Formed(string name, FieldForm form, int most) =>
        new(name, form) { Least = form == FieldForm.JsonPointer ? 0 : 1, Most = most };

    public static FieldRule Hex(string name, int length) => new(name, FieldForm.LowerHex) { Least = length, Most = length };

    public static FieldRule OneOf(string name, params IEnumerable<string> values) =>
        new(name, FieldForm.OneOf) { Values = values.Select(Encoding.ASCII.GetBytes).ToArray() };

    public static FieldRule Boolean(string name) => new(name, FieldForm.Boolean);

    public static FieldRule Integer(string name, long least = 0, long most = EventLimits.SafeInteger) =>
        new(name, FieldForm.Integer) { Least = least, Most = most };

    public static FieldRule Object(string name, params FieldRule[] members) =>
        new(name, FieldForm.Object) { Members = new ObjectRule(members) };

    public static FieldRule List(string name, int most, FieldRule item) => new(name, FieldForm.List) { Most = most, Item = item };

    public static FieldRule Open(string name, FieldForm form) => new(name, form);

    /// <summary>Must be there, and not empty.</summary>
    public FieldRule Required()
    {
        IsRequired = true;
        return Form == FieldForm.Text
            ? new FieldRule(Encoding.ASCII.GetString(Name), Form) { Least = 1, Most = Most, IsRequired = true }
            : this;
    }

    public FieldRule Personal()
    {
        IsPersonal = true;
        return this;
    }
}
